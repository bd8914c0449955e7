//! Which variables a compiled mapping reads.

use std::borrow::Cow;

use serde_json::Value;

use crate::locator::{Locator, Step, steps_to_locator};
use crate::node::{Filter, Formula, Node};

/// The variables a node reads, as locators, in order and without repetition.
pub(crate) fn variables(node: &Node) -> Vec<String> {
    let mut collector = Collector::default();
    collector.node(node);
    collector.found
}

#[derive(Default)]
struct Collector {
    found: Vec<String>,
    /// How many `$iterate` surround the node.
    iterations: usize,
}

impl Collector {
    fn node(&mut self, node: &Node) {
        match node {
            Node::Constant(_) => {}
            Node::Object(members) => {
                for (_, member) in members {
                    self.node(member);
                }
            }
            Node::Array(items) => {
                for item in items {
                    self.node(item);
                }
            }
            Node::Formula(formula) => self.formula(formula),
        }
    }

    fn formula(&mut self, formula: &Formula) {
        match formula {
            Formula::Var(steps) => self.locator(steps),
            Formula::TplWithoutText(_) => {}
            Formula::Concat { values, delimiter } => {
                self.node(values);
                if let Some(delimiter) = delimiter {
                    self.node(delimiter);
                }
            }
            Formula::Tpl { values, .. } => {
                for (_, value) in values {
                    self.node(value);
                }
            }
            Formula::Case { cases, default } => {
                for case in cases {
                    self.filter(&case.filter);
                    self.node(&case.value);
                }
                self.node(default);
            }
            Formula::Map {
                value,
                mapping,
                default,
            } => {
                self.node(value);
                for item in mapping.iter().flatten() {
                    self.node(&item.from);
                    self.node(&item.to);
                }
                self.node(default);
            }
            Formula::Eval { value, operand, .. } => {
                self.node(value);
                self.node(operand);
            }
            Formula::Iterate { source, item } => {
                self.node(source);
                self.iterations += 1;
                self.node(item);
                self.iterations -= 1;
            }
            Formula::Quoted { source, places } => {
                for place in places {
                    let variable = Locator::from_steps(place.clone())
                        .get(source)
                        .map(Cow::into_owned);
                    self.written(variable.as_ref().and_then(|variable| variable.get("$var")));
                }
            }
            Formula::And(argument)
            | Formula::Or(argument)
            | Formula::FirstNotEmpty(argument)
            | Formula::MergeObjects(argument)
            | Formula::Jsonata(argument)
            | Formula::Copy(argument)
            | Formula::Lookup(argument)
            | Formula::FindExternalRecordId(argument)
            | Formula::FindAppRecordId(argument)
            | Formula::DataSchemaRef(argument)
            | Formula::FirstName(argument)
            | Formula::LastName(argument)
            | Formula::DomainFromEmail(argument)
            | Formula::ExtractDate(argument)
            | Formula::ExtractTime(argument) => self.node(argument),
        }
    }

    fn written(&mut self, locator: Option<&Value>) {
        if let Ok(locator) = Locator::from_value(locator) {
            self.locator(locator.steps());
        }
    }

    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::Always => {}
            Filter::Formula(node) => self.node(node),
            Filter::Conditions(conditions) => {
                for condition in conditions {
                    self.written(condition.get("field"));
                }
            }
        }
    }

    /// Follows `parent` out of the surrounding iterations; what stays inside is no variable.
    fn locator(&mut self, steps: &[Step]) {
        let mut steps = steps;
        for _ in 0..self.iterations {
            let [first, rest @ ..] = steps else { break };
            if *first != Step::Property("parent".to_owned()) {
                return;
            }
            steps = rest;
        }
        let locator = steps_to_locator(steps);
        if !self.found.contains(&locator) {
            self.found.push(locator);
        }
    }
}
