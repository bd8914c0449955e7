//! The evaluator. One file per family of formulas; this one has what they share.

mod collection;
pub(crate) mod eval_operator;
pub(crate) mod filter;
pub(crate) mod jsonata;
mod link;
mod logic;
mod quote;
mod template;
mod text;

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::limits::{Budget, LimitReached, MAX_FOLDED_COST};
use crate::locator::{Step, read_steps};
use crate::mapping::ConfigurationError;
use crate::node::{Formula, Node};
use crate::resolve::Resolvers;

/// A value (`None` is undefined), borrowed from the variables or the mapping where it can be.
pub(crate) type Evaluated<'v> = Result<Option<Cow<'v, Value>>, Halt>;

/// Why an evaluation stopped before its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Halt {
    /// It would have grown too large.
    Limit,
    /// A resolver failed.
    Configuration(ConfigurationError),
}

impl From<LimitReached> for Halt {
    fn from(_: LimitReached) -> Self {
        Self::Limit
    }
}

impl From<ConfigurationError> for Halt {
    fn from(error: ConfigurationError) -> Self {
        Self::Configuration(error)
    }
}

impl From<Halt> for ConfigurationError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Limit => Self {
                message: "the formula produces too much data to evaluate".to_owned(),
            },
            Halt::Configuration(error) => error,
        }
    }
}

/// What `$var` sees.
pub(crate) enum Scope<'v> {
    /// The variables.
    Root(&'v Value),
    /// Inside `$iterate`: `item`, `parent` and `index`. Kept apart, not built as an object, so that
    /// an iteration does not copy its surroundings for every item.
    Iteration {
        item: &'v Value,
        index: Value,
        parent: &'v Self,
    },
}

impl<'v> Scope<'v> {
    /// Reads at a locator, as `$var` does.
    pub(crate) fn read(&'v self, steps: &[Step]) -> Option<Cow<'v, Value>> {
        let (item, index, parent) = match self {
            Self::Root(variables) => return read_steps(steps, variables),
            Self::Iteration {
                item,
                index,
                parent,
            } => (*item, index, *parent),
        };
        let Some((first, rest)) = steps.split_first() else {
            return Some(self.to_value());
        };
        let Step::Property(name) = first else {
            return None;
        };
        match name.as_str() {
            "item" => read_steps(rest, item),
            "index" => read_steps(rest, index),
            "parent" => parent.read(rest),
            _ => None,
        }
    }

    /// The whole scope as one value.
    pub(crate) fn to_value(&self) -> Cow<'v, Value> {
        match self {
            Self::Root(variables) => Cow::Borrowed(variables),
            Self::Iteration {
                item,
                index,
                parent,
            } => {
                let members = [
                    ("item", (*item).clone()),
                    ("parent", parent.to_value().into_owned()),
                    ("index", index.clone()),
                ];
                let members = members
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                Cow::Owned(Value::Object(members.collect()))
            }
        }
    }
}

/// One evaluation: with resolvers it follows the asynchronous evaluator of the original, without
/// them the synchronous one.
pub(crate) struct Evaluator<'r> {
    resolvers: Option<&'r dyn Resolvers>,
    budget: Budget,
}

impl<'r> Evaluator<'r> {
    pub(crate) fn synchronous() -> Self {
        Self {
            resolvers: None,
            budget: Budget::new(),
        }
    }

    /// For what is evaluated when a mapping is compiled.
    pub(crate) fn folding() -> Self {
        Self {
            resolvers: None,
            budget: Budget::with_limit(MAX_FOLDED_COST),
        }
    }

    pub(crate) fn with_resolvers(resolvers: &'r dyn Resolvers) -> Self {
        Self {
            resolvers: Some(resolvers),
            budget: Budget::new(),
        }
    }

    /// Evaluates a node. `schema` describes the value at this place, for lookups.
    pub(crate) fn evaluate<'v>(
        &self,
        node: &'v Node,
        scope: &'v Scope<'v>,
        schema: Option<&Value>,
    ) -> Evaluated<'v> {
        self.budget.charge(crate::limits::NODE_COST)?;
        match node {
            Node::Constant(value) => Ok(value.as_ref().map(Cow::Borrowed)),
            Node::Object(members) => self.object(members, scope, schema),
            Node::Array(items) => self.array(items, scope, schema),
            Node::Formula(formula) => self.formula(formula, scope, schema),
        }
    }

    /// Evaluates a node to a value of its own.
    pub(crate) fn evaluate_owned(
        &self,
        node: &Node,
        scope: &Scope<'_>,
        schema: Option<&Value>,
    ) -> Result<Option<Value>, Halt> {
        self.own(self.evaluate(node, scope, schema)?)
    }

    /// Members that become undefined are dropped; an object that loses all becomes undefined.
    fn object<'v>(
        &self,
        members: &'v [(String, Node)],
        scope: &'v Scope<'v>,
        schema: Option<&Value>,
    ) -> Evaluated<'v> {
        let properties = schema.and_then(|schema| schema.get("properties"));
        let mut object = Map::with_capacity(members.len());
        for (key, member) in members {
            let schema = properties.and_then(|properties| properties.get(key));
            if let Some(value) = self.evaluate_owned(member, scope, schema)? {
                self.budget.charge(key.len())?;
                object.insert(key.clone(), value);
            }
        }
        Ok((!object.is_empty()).then_some(Cow::Owned(Value::Object(object))))
    }

    /// Items that become undefined are dropped; an array that loses all becomes undefined.
    fn array<'v>(
        &self,
        items: &'v [Node],
        scope: &'v Scope<'v>,
        schema: Option<&Value>,
    ) -> Evaluated<'v> {
        let schema = schema.and_then(|schema| schema.get("items"));
        let mut array = Vec::with_capacity(items.len());
        for item in items {
            array.extend(self.evaluate_owned(item, scope, schema)?);
        }
        Ok((!array.is_empty()).then_some(Cow::Owned(Value::Array(array))))
    }

    fn formula<'v>(
        &self,
        formula: &'v Formula,
        scope: &'v Scope<'v>,
        schema: Option<&Value>,
    ) -> Evaluated<'v> {
        let argument = |node: &'v Node| self.evaluate(node, scope, None);
        // What is read letter by letter costs as much as a copy, however little comes of it.
        let read = |node: &'v Node| -> Evaluated<'v> {
            let value = argument(node)?;
            if let Some(value) = &value {
                self.budget.charge_value(value)?;
            }
            Ok(value)
        };
        match formula {
            Formula::Var(steps) => self.var(steps, scope),
            Formula::Concat { values, delimiter } => self.concat(values, delimiter.as_ref(), scope),
            Formula::Tpl { template, values } => self.tpl(template, values, scope, schema),
            // The one place where the evaluators differ on purpose of nobody.
            Formula::TplWithoutText(template) => {
                Ok(self.resolvers.is_none().then_some(Cow::Borrowed(template)))
            }
            Formula::Case { cases, default } => self.case(cases, default, scope, schema),
            Formula::Map {
                value,
                mapping,
                default,
            } => self.map(value, mapping, default, scope, schema),
            Formula::Eval {
                value,
                operator,
                operand,
            } => self.eval(value, *operator, operand, scope),
            Formula::And(values) => Ok(logic::and(argument(values)?.as_deref())),
            Formula::Or(values) => Ok(logic::or(argument(values)?.as_deref())),
            Formula::FirstNotEmpty(values) => Ok(logic::first_not_empty(argument(values)?)),
            Formula::MergeObjects(objects) => self.merge_objects(argument(objects)?),
            Formula::Iterate { source, item } => self.iterate(source, item, scope),
            Formula::Jsonata(expression) => self.jsonata(argument(expression)?.as_deref(), scope),
            Formula::Quoted { source, places } => self.quoted(source, places, scope),
            Formula::Copy(locator) => self.in_place("$copy", argument(locator)?),
            Formula::Lookup(query) => self.lookup(argument(query)?, schema),
            Formula::FindExternalRecordId(link) => self.find_external_record_id(argument(link)?),
            Formula::FindAppRecordId(link) => self.find_app_record_id(argument(link)?),
            Formula::DataSchemaRef(pointer) => self.data_schema_ref(argument(pointer)?),
            Formula::FirstName(name) => Ok(text::first_name(read(name)?.as_deref())),
            Formula::LastName(name) => Ok(text::last_name(read(name)?.as_deref())),
            Formula::DomainFromEmail(email) => Ok(text::domain_from_email(read(email)?.as_deref())),
            Formula::ExtractDate(date) => Ok(text::extract_date(read(date)?.as_deref())),
            Formula::ExtractTime(date) => Ok(text::extract_time(read(date)?.as_deref())),
        }
    }

    fn var<'v>(&self, steps: &[Step], scope: &'v Scope<'v>) -> Evaluated<'v> {
        if let (Scope::Iteration { .. }, true) = (scope, steps.is_empty()) {
            return self.whole_scope(scope).map(Some);
        }
        Ok(scope.read(steps))
    }

    /// The scope as one value; inside an iteration that is a copy, which has to be paid for.
    fn whole_scope<'v>(&self, scope: &Scope<'v>) -> Result<Cow<'v, Value>, Halt> {
        let mut enclosing = scope;
        while let Scope::Iteration { item, parent, .. } = enclosing {
            self.budget.charge_value(item)?;
            enclosing = parent;
        }
        if let (Scope::Iteration { .. }, Scope::Root(variables)) = (scope, enclosing) {
            self.budget.charge_value(variables)?;
        }
        Ok(scope.to_value())
    }

    /// A formula that stays in the result, for a later pass; an undefined argument leaves it empty.
    fn in_place<'v>(&self, key: &str, argument: Option<Cow<'v, Value>>) -> Evaluated<'v> {
        let argument = self
            .own(argument)?
            .map(|argument| (key.to_owned(), argument));
        Ok(Some(Cow::Owned(Value::Object(
            argument.into_iter().collect(),
        ))))
    }

    /// Makes a borrowed value the result's own, and pays for the copy.
    fn own(&self, value: Option<Cow<'_, Value>>) -> Result<Option<Value>, Halt> {
        if let Some(Cow::Borrowed(value)) = &value {
            self.budget.charge_value(value)?;
        }
        Ok(value.map(Cow::into_owned))
    }
}

/// A boolean result.
fn boolean<'v>(value: bool) -> Cow<'v, Value> {
    Cow::Owned(Value::Bool(value))
}

/// A text result.
fn string<'v>(text: impl Into<String>) -> Cow<'v, Value> {
    Cow::Owned(Value::String(text.into()))
}
