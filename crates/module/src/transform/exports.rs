//! What a file exports, as far as that can be known without running it.

use std::collections::BTreeMap;

use oxc_ast::ast::{
    AssignmentExpression, AssignmentTarget, BindingPattern, Declaration,
    ExportDefaultDeclarationKind, Expression, IdentifierReference, MemberExpression,
    ObjectExpression, ObjectPropertyKind, Program, PropertyKind, Statement, VariableDeclaration,
    VariableDeclarationKind,
};
use oxc_ast_visit::{Visit, walk};
use oxc_semantic::Scoping;

use super::imports::is_free;
use crate::globals::{GLOBALS, Global};
use crate::program::{Callable, Shape};

/// Functions of the language itself that may be exported as they are.
const LANGUAGE: [&str; 13] = [
    "Array",
    "Boolean",
    "Date",
    "Error",
    "Number",
    "Object",
    "Promise",
    "String",
    "Symbol",
    "decodeURIComponent",
    "encodeURIComponent",
    "parseFloat",
    "parseInt",
];

/// The exports of `program`, from which the types have been stripped.
pub(super) fn find(program: &Program<'_>, scoping: &Scoping) -> Shape {
    let mut search = Search {
        scoping,
        bindings: bindings(program),
        places: BTreeMap::new(),
        shape: Shape::default(),
    };
    for statement in &program.body {
        search.statement(statement);
    }
    search.visit_program(program);
    search.shape
}

struct Search<'p, 'a> {
    scoping: &'p Scoping,
    /// What the file declares at its top level.
    bindings: BTreeMap<&'a str, Callable>,
    /// Where in the shape's members an export is.
    places: BTreeMap<String, usize>,
    shape: Shape,
}

impl<'a> Search<'_, 'a> {
    fn statement(&mut self, statement: &Statement<'a>) {
        match statement {
            Statement::ExportDeclaration(export) => self.declaration(&export.declaration),
            Statement::ExportNamedDeclaration(export) => {
                for specifier in &export.specifiers {
                    let callable = self.bound(specifier.local.name().as_str());
                    self.indirect(specifier.exported.name().as_str(), callable);
                }
            }
            Statement::ExportFromDeclaration(export) => {
                for specifier in &export.specifiers {
                    self.indirect(specifier.exported.name().as_str(), Callable::Unknown);
                }
            }
            Statement::ExportAllDeclaration(export) => match &export.exported {
                Some(name) => self.indirect(name.name().as_str(), Callable::No),
                None => self.shape.open = true,
            },
            Statement::ExportDefaultDeclaration(export) => self.default(&export.declaration),
            _ => {}
        }
    }

    fn declaration(&mut self, declaration: &Declaration<'a>) {
        match declaration {
            Declaration::FunctionDeclaration(function) => {
                if let Some(name) = function.name() {
                    self.export(name.as_str(), Callable::Yes);
                }
            }
            Declaration::ClassDeclaration(class) => {
                if let Some(name) = class.name() {
                    self.export(name.as_str(), Callable::No);
                }
            }
            Declaration::VariableDeclaration(variables) => {
                for (name, callable) in declared(variables) {
                    self.export(name, callable);
                }
            }
            _ => {}
        }
    }

    fn default(&mut self, declaration: &ExportDefaultDeclarationKind<'a>) {
        match declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(_) => {
                self.export("default", Callable::Yes);
            }
            // A class cannot be called without `new`.
            ExportDefaultDeclarationKind::ClassDeclaration(_) => {
                self.export("default", Callable::No);
            }
            other => {
                if let Some(value) = other.as_expression() {
                    self.default_value(value);
                }
            }
        }
    }

    fn default_value(&mut self, value: &Expression<'a>) {
        let callable = self.value(value);
        match value.get_inner_expression() {
            Expression::ObjectExpression(object) => {
                self.shape.default_members = self.members(object);
                self.export("default", callable);
            }
            Expression::Identifier(identifier) if self.is_undeclared(identifier) => {
                self.export("default", Callable::No);
            }
            _ => self.indirect("default", callable),
        }
    }

    /// Whether nothing has this name, so that the file fails as soon as it runs.
    fn is_undeclared(&self, identifier: &IdentifierReference<'a>) -> bool {
        let is_name = |global: &Global| global.name.split(", ").any(|name| name == identifier.name);
        is_free(self.scoping, identifier)
            && !LANGUAGE.contains(&identifier.name.as_str())
            && !GLOBALS.iter().any(is_name)
    }

    /// `module.exports = value`.
    fn module_exports(&mut self, value: &Expression<'a>) {
        match value.get_inner_expression() {
            Expression::AssignmentExpression(inner) => self.module_exports(&inner.right),
            Expression::ObjectExpression(object) => {
                for (name, callable) in self.members(object) {
                    self.export(&name, callable);
                }
            }
            value => self.default_value(value),
        }
    }

    fn members(&mut self, object: &ObjectExpression<'a>) -> Vec<(String, Callable)> {
        let mut members = Vec::new();
        for property in &object.properties {
            match property {
                ObjectPropertyKind::SpreadProperty(_) => self.shape.open = true,
                ObjectPropertyKind::ObjectProperty(property) => match property.key.static_name() {
                    Some(name) if property.kind == PropertyKind::Init => {
                        members.push((name.into_owned(), self.value(&property.value)));
                    }
                    Some(name) => members.push((name.into_owned(), Callable::Unknown)),
                    None => self.shape.open = true,
                },
            }
        }
        members
    }

    fn export(&mut self, name: &str, callable: Callable) {
        let known = self
            .places
            .get(name)
            .and_then(|place| self.shape.members.get_mut(*place));
        match known {
            Some((_, known)) if *known != callable => *known = Callable::Unknown,
            Some(_) => {}
            None => {
                self.places
                    .insert(name.to_owned(), self.shape.members.len());
                self.shape.members.push((name.to_owned(), callable));
            }
        }
    }

    /// An export of what is not written out here: a default export may have the function as a
    /// member.
    fn indirect(&mut self, name: &str, callable: Callable) {
        self.shape.open |= name == "default" && callable != Callable::Yes;
        self.export(name, callable);
    }

    fn bound(&self, name: &str) -> Callable {
        self.bindings
            .get(name)
            .copied()
            .unwrap_or(Callable::Unknown)
    }

    fn value(&self, value: &Expression<'a>) -> Callable {
        match value.get_inner_expression() {
            Expression::Identifier(identifier) => self.bound(identifier.name.as_str()),
            other => callable_itself(other),
        }
    }

    /// The export that an assignment sets, by its left side.
    fn target(&self, target: &AssignmentTarget<'a>) -> Target {
        match target {
            AssignmentTarget::AssignmentTargetIdentifier(identifier)
                if self.is_given(identifier, "exports") =>
            {
                Target::Alias
            }
            target => target
                .as_member_expression()
                .map_or(Target::Other, |it| self.member(it)),
        }
    }

    fn member(&self, member: &MemberExpression<'a>) -> Target {
        let Some(property) = member.static_property_name() else {
            return Target::Other;
        };
        let object = member.object().get_inner_expression();
        if self.is_module_exports(object) || self.is_given_expression(object, "exports") {
            return Target::Member(property.to_owned());
        }
        if property == "exports" && self.is_given_expression(object, "module") {
            return Target::Module;
        }
        Target::Other
    }

    fn is_module_exports(&self, expression: &Expression<'a>) -> bool {
        expression.as_member_expression().is_some_and(|member| {
            member.static_property_name() == Some("exports")
                && self.is_given_expression(member.object().get_inner_expression(), "module")
        })
    }

    fn is_given_expression(&self, expression: &Expression<'a>, name: &str) -> bool {
        let Expression::Identifier(identifier) = expression else {
            return false;
        };
        self.is_given(identifier, name)
    }

    /// Whether the identifier is the parameter `name` of the module.
    fn is_given(&self, identifier: &IdentifierReference<'a>, name: &str) -> bool {
        identifier.name == name && is_free(self.scoping, identifier)
    }
}

enum Target {
    /// `module.exports`.
    Module,
    /// `exports.name`, `module.exports.name`.
    Member(String),
    /// `exports` itself: no export, but no other use of it either.
    Alias,
    Other,
}

impl<'a> Visit<'a> for Search<'_, 'a> {
    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        match self.target(&assignment.left) {
            Target::Module => self.module_exports(&assignment.right),
            Target::Member(name) if name == "default" => self.default_value(&assignment.right),
            Target::Member(name) => {
                let callable = self.value(&assignment.right);
                self.export(&name, callable);
            }
            Target::Alias => {}
            Target::Other => return walk::walk_assignment_expression(self, assignment),
        }
        self.visit_expression(&assignment.right);
    }

    /// Any other use of `module` and `exports` may export anything.
    fn visit_identifier_reference(&mut self, identifier: &IdentifierReference<'a>) {
        self.shape.open |=
            self.is_given(identifier, "exports") || self.is_given(identifier, "module");
    }
}

/// What is known about the names that a file declares at its top level.
fn bindings<'a>(program: &Program<'a>) -> BTreeMap<&'a str, Callable> {
    let mut bindings = BTreeMap::new();
    for statement in &program.body {
        let declaration = match statement {
            Statement::ExportDeclaration(export) => Some(&export.declaration),
            statement => statement.as_declaration(),
        };
        match declaration {
            Some(Declaration::FunctionDeclaration(function)) => {
                bindings.extend(function.name().map(|name| (name.as_str(), Callable::Yes)));
            }
            Some(Declaration::ClassDeclaration(class)) => {
                bindings.extend(class.name().map(|name| (name.as_str(), Callable::No)));
            }
            Some(Declaration::VariableDeclaration(variables)) => {
                bindings.extend(declared(variables));
            }
            _ => {}
        }
    }
    bindings
}

/// The names of a declaration, and what is known of each by the value it starts with.
fn declared<'a>(variables: &VariableDeclaration<'a>) -> Vec<(&'a str, Callable)> {
    let mut declared = Vec::new();
    for declarator in &variables.declarations {
        if let BindingPattern::BindingIdentifier(identifier) = &declarator.id {
            let value = declarator
                .init
                .as_ref()
                .map(Expression::get_inner_expression);
            let callable = match value.map_or(Callable::Unknown, callable_itself) {
                // A variable may get another value later.
                Callable::No if variables.kind != VariableDeclarationKind::Const => {
                    Callable::Unknown
                }
                callable => callable,
            };
            declared.push((identifier.name.as_str(), callable));
        } else {
            let identifiers = declarator.id.get_binding_identifiers();
            let unknown = |name| (name, Callable::Unknown);
            declared.extend(identifiers.iter().map(|found| unknown(found.name.as_str())));
        }
    }
    declared
}

/// Whether an expression that is no name can be called.
fn callable_itself(value: &Expression<'_>) -> Callable {
    match value {
        Expression::FunctionExpression(_) | Expression::ArrowFunctionExpression(_) => Callable::Yes,
        Expression::ClassExpression(_)
        | Expression::ObjectExpression(_)
        | Expression::ArrayExpression(_)
        | Expression::TemplateLiteral(_)
        | Expression::BinaryExpression(_)
        | Expression::UnaryExpression(_) => Callable::No,
        value if value.is_literal() => Callable::No,
        _ => Callable::Unknown,
    }
}
