//! The compiled form of a mapping: constant parts folded, locators parsed.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::eval::eval_operator::EvalOperator;
use crate::eval::{Evaluator, Scope};
use crate::js;
use crate::limits::MAX_DEPTH;
use crate::locator::{Locator, Step};
use crate::registry::{FormulaName, formula_name};

/// A compiled value.
#[derive(Debug)]
pub(crate) enum Node {
    /// Evaluates to this; `None` is undefined.
    Constant(Option<Value>),
    /// An object that is no formula, at least one member of which varies.
    Object(Vec<(String, Self)>),
    /// An array, at least one item of which varies.
    Array(Vec<Self>),
    /// A formula.
    Formula(Box<Formula>),
}

/// A compiled formula.
#[derive(Debug)]
pub(crate) enum Formula {
    Var(Vec<Step>),
    Concat {
        values: Node,
        delimiter: Option<Node>,
    },
    Tpl {
        template: String,
        values: Vec<(String, Node)>,
    },
    /// `$tpl` whose template is no text: the two evaluators disagree about it.
    TplWithoutText(Value),
    Case {
        cases: Vec<Case>,
        default: Node,
    },
    Map {
        value: Node,
        mapping: Vec<Option<MapItem>>,
        default: Node,
    },
    Eval {
        value: Node,
        operator: EvalOperator,
        operand: Node,
    },
    And(Node),
    Or(Node),
    FirstNotEmpty(Node),
    MergeObjects(Node),
    Iterate {
        source: Node,
        item: Node,
    },
    Jsonata(Node),
    /// `$formula`: the formula to give, and where in it variables are.
    Quoted {
        source: Value,
        places: Vec<Vec<Step>>,
    },
    /// `$copy`: stays in place, with its argument evaluated.
    Copy(Node),
    Lookup(Node),
    FindExternalRecordId(Node),
    FindAppRecordId(Node),
    DataSchemaRef(Node),
    FirstName(Node),
    LastName(Node),
    DomainFromEmail(Node),
    ExtractDate(Node),
    ExtractTime(Node),
}

/// One case of `$case`.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) filter: Filter,
    pub(crate) value: Node,
}

/// What decides whether a case applies.
#[derive(Debug)]
pub(crate) enum Filter {
    /// No filter, or a value that is neither formula nor list.
    Always,
    Formula(Node),
    /// A legacy list of conditions, which only the synchronous evaluator looks at.
    Conditions(Vec<Value>),
}

/// One pair of `$map`.
#[derive(Debug)]
pub(crate) struct MapItem {
    pub(crate) from: Node,
    pub(crate) to: Node,
}

impl Node {
    pub(crate) const UNDEFINED: Self = Self::Constant(None);

    pub(crate) fn compile(source: &Value) -> Self {
        compile(source, 0)
    }

    /// Whether the node evaluates to the same whatever the variables.
    pub(crate) fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    fn into_constant(self) -> Option<Value> {
        match self {
            Self::Constant(value) => value,
            Self::Object(_) | Self::Array(_) | Self::Formula(_) => None,
        }
    }
}

fn compile(source: &Value, depth: usize) -> Node {
    if depth > MAX_DEPTH {
        return Node::UNDEFINED;
    }
    match source {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Node::Constant(Some(source.clone()))
        }
        Value::Array(items) => array(items.iter().map(|item| compile(item, depth + 1)).collect()),
        Value::Object(members) => match formula_name(members) {
            Some(name) => compile_formula(name, members, depth),
            None => object(compile_members(members, depth)),
        },
    }
}

fn compile_members(members: &Map<String, Value>, depth: usize) -> Vec<(String, Node)> {
    members
        .iter()
        .map(|(key, member)| (key.clone(), compile(member, depth + 1)))
        .collect()
}

/// Compiles a part of a formula's argument, which lies two levels below the formula.
fn compile_optional(source: Option<&Value>, depth: usize) -> Node {
    source.map_or(Node::UNDEFINED, |source| compile(source, depth + 2))
}

/// An object without its undefined members; undefined if none is left of those it had.
fn object(members: Vec<(String, Node)>) -> Node {
    if !members.iter().all(|(_, member)| member.is_constant()) {
        return Node::Object(members);
    }
    let was_empty = members.is_empty();
    let kept: Map<String, Value> = members
        .into_iter()
        .filter_map(|(key, member)| Some((key, member.into_constant()?)))
        .collect();
    Node::Constant((was_empty || !kept.is_empty()).then_some(Value::Object(kept)))
}

/// An array without its undefined items; undefined if none is left of those it had.
fn array(items: Vec<Node>) -> Node {
    if !items.iter().all(Node::is_constant) {
        return Node::Array(items);
    }
    let was_empty = items.is_empty();
    let kept: Vec<Value> = items.into_iter().filter_map(Node::into_constant).collect();
    Node::Constant((was_empty || !kept.is_empty()).then_some(Value::Array(kept)))
}

/// A formula, or what it evaluates to if that never changes.
fn formula(formula: Formula) -> Node {
    let is_constant = formula.is_constant();
    let node = Node::Formula(Box::new(formula));
    if !is_constant {
        return node;
    }
    let nothing = Value::Null;
    let folded = Evaluator::folding()
        .evaluate(&node, &Scope::Root(&nothing), None)
        .map(|value| value.map(Cow::into_owned));
    // A formula beyond the limits stays as it is, and meets them again when it is evaluated.
    folded.map_or(node, Node::Constant)
}

fn compile_formula(name: FormulaName, members: &Map<String, Value>, depth: usize) -> Node {
    // The first key names the formula, so there is a first value.
    let argument = members.values().next().unwrap_or(&Value::Null);
    let evaluated = || compile(argument, depth + 1);
    let compiled = match name {
        FormulaName::Plain => return Node::Constant(Some(argument.clone())),
        FormulaName::Record => return Node::Constant(argument.get("id").cloned()),
        FormulaName::Var => return compile_var(argument),
        FormulaName::Tpl => return compile_tpl(argument, depth),
        FormulaName::Concat => compile_concat(argument, depth),
        FormulaName::Case => match compile_case(argument, depth) {
            Some(compiled) => compiled,
            None => return Node::UNDEFINED,
        },
        FormulaName::Map => compile_map(argument, depth),
        FormulaName::Eval => compile_eval(argument, members, depth),
        FormulaName::Iterate => Formula::Iterate {
            source: compile_optional(argument.get("source"), depth),
            item: compile_optional(argument.get("item"), depth),
        },
        FormulaName::Formula => compile_quoted(argument),
        FormulaName::And => Formula::And(evaluated()),
        FormulaName::Or => Formula::Or(evaluated()),
        FormulaName::FirstNotEmpty => Formula::FirstNotEmpty(evaluated()),
        FormulaName::MergeObjects => Formula::MergeObjects(evaluated()),
        FormulaName::Jsonata => Formula::Jsonata(evaluated()),
        FormulaName::Copy => Formula::Copy(evaluated()),
        FormulaName::Lookup => Formula::Lookup(evaluated()),
        FormulaName::FindExternalRecordId => Formula::FindExternalRecordId(evaluated()),
        FormulaName::FindAppRecordId => Formula::FindAppRecordId(evaluated()),
        FormulaName::DataSchemaRef => Formula::DataSchemaRef(evaluated()),
        FormulaName::FirstName => Formula::FirstName(evaluated()),
        FormulaName::LastName => Formula::LastName(evaluated()),
        FormulaName::DomainFromEmail => Formula::DomainFromEmail(evaluated()),
        FormulaName::ExtractDate => Formula::ExtractDate(evaluated()),
        FormulaName::ExtractTime => Formula::ExtractTime(evaluated()),
    };
    formula(compiled)
}

/// An invalid locator reads as `null`, a missing path as undefined.
pub(crate) fn compile_var(argument: &Value) -> Node {
    let locator = Locator::from_value(Some(argument)).ok();
    match locator.filter(|_| argument.as_str() != Some("")) {
        Some(locator) => Node::Formula(Box::new(Formula::Var(locator.into_steps()))),
        None => Node::Constant(Some(Value::Null)),
    }
}

/// `{values, delimiter?}` or the values alone.
fn compile_concat(argument: &Value, depth: usize) -> Formula {
    if argument.is_array() {
        return Formula::Concat {
            values: compile(argument, depth + 1),
            delimiter: None,
        };
    }
    let delimiter = argument
        .get("delimiter")
        .filter(|delimiter| !delimiter.is_null());
    Formula::Concat {
        values: compile_optional(argument.get("values"), depth),
        delimiter: delimiter.map(|delimiter| compile(delimiter, depth + 1)),
    }
}

/// The values are taken key by key: `values` itself is never a formula.
fn compile_tpl(argument: &Value, depth: usize) -> Node {
    let template = match argument.get("template") {
        None => return Node::UNDEFINED,
        Some(Value::String(template)) => template.clone(),
        Some(other) => {
            return Node::Formula(Box::new(Formula::TplWithoutText(other.clone())));
        }
    };
    let values = match argument.get("values") {
        Some(Value::Object(members)) => js::entries(members)
            .into_iter()
            .map(|(key, value)| (key.clone(), compile(value, depth + 2)))
            .collect(),
        Some(Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), compile(value, depth + 2)))
            .collect(),
        Some(Value::String(text)) => text
            .chars()
            .enumerate()
            .map(|(index, letter)| {
                (
                    index.to_string(),
                    compile(&letter.to_string().into(), depth),
                )
            })
            .collect(),
        None | Some(Value::Null | Value::Bool(_) | Value::Number(_)) => Vec::new(),
    };
    formula(Formula::Tpl { template, values })
}

fn compile_case(argument: &Value, depth: usize) -> Option<Formula> {
    let cases = argument
        .as_array()
        .or_else(|| argument.get("cases")?.as_array())?;
    let cases = cases
        .iter()
        .filter(|case| case.is_object() || case.is_array())
        .map(|case| Case {
            filter: compile_filter(case.get("filter"), depth),
            value: compile_optional(case.get("value"), depth),
        })
        .collect();
    Some(Formula::Case {
        cases,
        default: compile_optional(argument.get("default"), depth),
    })
}

fn compile_filter(filter: Option<&Value>, depth: usize) -> Filter {
    match filter {
        Some(Value::Array(conditions)) => Filter::Conditions(conditions.clone()),
        Some(formula @ Value::Object(members)) if formula_name(members).is_some() => {
            Filter::Formula(compile(formula, depth + 1))
        }
        _ => Filter::Always,
    }
}

fn compile_map(argument: &Value, depth: usize) -> Formula {
    let mapping = argument.get("mapping").and_then(Value::as_array);
    let mapping = mapping.into_iter().flatten().map(|item| {
        (!item.is_null()).then(|| MapItem {
            from: compile_optional(item.get("from"), depth),
            to: compile_optional(item.get("to"), depth),
        })
    });
    Formula::Map {
        value: compile_optional(argument.get("value"), depth),
        mapping: mapping.collect(),
        default: compile_optional(argument.get("default"), depth),
    }
}

/// The operator is the second key; without one, and with one that is not known, the result is true.
fn compile_eval(argument: &Value, members: &Map<String, Value>, depth: usize) -> Formula {
    let operator = members.iter().nth(1);
    Formula::Eval {
        value: compile(argument, depth + 1),
        operator: operator.map_or(EvalOperator::Unknown, |(name, _)| EvalOperator::named(name)),
        operand: compile_optional(operator.map(|(_, operand)| operand), depth),
    }
}

fn compile_quoted(argument: &Value) -> Formula {
    let places = crate::copy::variable_locations(argument);
    let places = places
        .into_iter()
        .map(|(place, _)| place)
        .filter(|place| !place.is_empty());
    Formula::Quoted {
        source: argument.clone(),
        places: places.collect(),
    }
}

impl Formula {
    /// Whether the result can be computed once: no variable, no resolver, no clock, and the same
    /// in both evaluators.
    fn is_constant(&self) -> bool {
        match self {
            Self::Var(_)
            | Self::TplWithoutText(_)
            | Self::Jsonata(_)
            | Self::Lookup(_)
            | Self::FindExternalRecordId(_)
            | Self::FindAppRecordId(_)
            | Self::DataSchemaRef(_) => false,
            Self::Concat { values, delimiter } => {
                values.is_constant() && delimiter.as_ref().is_none_or(Node::is_constant)
            }
            Self::Tpl { values, .. } => values.iter().all(|(_, value)| value.is_constant()),
            Self::Case { cases, default } => {
                default.is_constant() && cases.iter().all(Case::is_constant)
            }
            Self::Map {
                value,
                mapping,
                default,
            } => {
                value.is_constant()
                    && default.is_constant()
                    && mapping
                        .iter()
                        .flatten()
                        .all(|item| item.from.is_constant() && item.to.is_constant())
            }
            Self::Eval { value, operand, .. } => value.is_constant() && operand.is_constant(),
            Self::Iterate { source, item } => source.is_constant() && item.is_constant(),
            Self::Quoted { places, .. } => places.is_empty(),
            Self::And(argument)
            | Self::Or(argument)
            | Self::FirstNotEmpty(argument)
            | Self::MergeObjects(argument)
            | Self::Copy(argument)
            | Self::FirstName(argument)
            | Self::LastName(argument)
            | Self::DomainFromEmail(argument)
            | Self::ExtractDate(argument)
            | Self::ExtractTime(argument) => argument.is_constant(),
        }
    }
}

impl Case {
    fn is_constant(&self) -> bool {
        let filter_is_constant = match &self.filter {
            Filter::Always => true,
            Filter::Formula(filter) => filter.is_constant(),
            Filter::Conditions(_) => false,
        };
        filter_is_constant && self.value.is_constant()
    }
}
