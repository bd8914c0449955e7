//! Collections: `$iterate` and `$mergeObjects`.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::eval::{Evaluated, Evaluator, Scope};
use crate::js;
use crate::node::Node;

impl Evaluator<'_> {
    /// `item` for every element of `source`; falsy results are dropped.
    pub(super) fn iterate<'v>(
        &self,
        source: &'v Node,
        item: &'v Node,
        scope: &'v Scope<'v>,
    ) -> Evaluated<'v> {
        let source = self.evaluate(source, scope, None)?;
        let Some(elements) = source.as_deref().and_then(Value::as_array) else {
            return Ok(None);
        };
        let mut results = Vec::new();
        for (index, element) in elements.iter().enumerate() {
            let scope = Scope::Iteration {
                item: element,
                index: Value::from(index),
                parent: scope,
            };
            let result = self.evaluate_owned(item, &scope, None)?;
            results.extend(result.filter(|result| js::truthy(Some(result))));
        }
        Ok((!results.is_empty()).then_some(Cow::Owned(Value::Array(results))))
    }

    /// All members of all objects, the later ones winning. An array's items are members named by
    /// their index.
    pub(super) fn merge_objects<'v>(&self, objects: Option<Cow<'v, Value>>) -> Evaluated<'v> {
        let Some(Value::Array(objects)) = self.own(objects)? else {
            return Ok(None);
        };
        let mut merged = Map::new();
        for object in objects {
            match object {
                Value::Object(members) => merged.extend(members),
                Value::Array(items) => {
                    let members = items.into_iter().enumerate();
                    merged.extend(members.map(|(index, item)| (index.to_string(), item)));
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        Ok((!merged.is_empty()).then_some(Cow::Owned(Value::Object(merged))))
    }
}
