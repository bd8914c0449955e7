//! What a file exports, as far as that can be known without running it.

use oxc_ast::ast::{
    AssignmentExpression, AssignmentTarget, BindingPattern, Declaration,
    ExportDefaultDeclarationKind, Expression, IdentifierReference, MemberExpression,
    ObjectExpression, ObjectPropertyKind, Program, PropertyKind, Statement, VariableDeclaration,
    VariableDeclarationKind,
};
use oxc_ast_visit::{Visit, walk};
use oxc_semantic::Scoping;

use super::imports::is_free;
use crate::program::{Callable, Shape};

/// The exports of `program`, from which the types have been stripped.
pub(super) fn find(program: &Program<'_>, scoping: &Scoping) -> Shape {
    let mut search = Search {
        program,
        scoping,
        shape: Shape::default(),
    };
    for statement in &program.body {
        search.statement(statement);
    }
    search.visit_program(program);
    search.shape
}

struct Search<'p, 'a> {
    program: &'p Program<'a>,
    scoping: &'p Scoping,
    shape: Shape,
}

impl<'a> Search<'_, 'a> {
    fn statement(&mut self, statement: &Statement<'a>) {
        match statement {
            Statement::ExportDeclaration(export) => self.declaration(&export.declaration),
            Statement::ExportNamedDeclaration(export) => {
                for specifier in &export.specifiers {
                    let callable = self.binding(specifier.local.name().as_str());
                    self.export(specifier.exported.name().as_str(), callable);
                }
            }
            Statement::ExportFromDeclaration(export) => {
                for specifier in &export.specifiers {
                    self.export(specifier.exported.name().as_str(), Callable::Unknown);
                }
            }
            Statement::ExportAllDeclaration(export) => match &export.exported {
                Some(name) => self.export(name.name().as_str(), Callable::No),
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
                    self.export(name.as_str(), Callable::Yes);
                }
            }
            Declaration::VariableDeclaration(variables) => {
                for name in names(variables) {
                    let callable = variable(variables, name);
                    self.export(name, callable);
                }
            }
            _ => {}
        }
    }

    fn default(&mut self, declaration: &ExportDefaultDeclarationKind<'a>) {
        match declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(_)
            | ExportDefaultDeclarationKind::ClassDeclaration(_) => {
                self.export("default", Callable::Yes);
            }
            other => {
                if let Some(value) = other.as_expression() {
                    self.default_value(value);
                }
            }
        }
    }

    fn default_value(&mut self, value: &Expression<'a>) {
        if let Expression::ObjectExpression(object) = value.get_inner_expression() {
            self.shape.default_members = self.members(object);
        }
        let callable = self.value(value);
        self.export("default", callable);
        if callable == Callable::Unknown {
            // Its members are not known, and one of them may be the function.
            self.shape.open = true;
        }
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

    /// The last assignment decides, as it does when the module runs.
    fn export(&mut self, name: &str, callable: Callable) {
        match self
            .shape
            .members
            .iter_mut()
            .find(|(member, _)| member == name)
        {
            Some((_, known)) if *known != callable => *known = Callable::Unknown,
            Some(_) => {}
            None => self.shape.members.push((name.to_owned(), callable)),
        }
    }

    fn value(&self, value: &Expression<'a>) -> Callable {
        match value.get_inner_expression() {
            Expression::Identifier(identifier) => self.binding(identifier.name.as_str()),
            other => callable_itself(other),
        }
    }

    /// What is known about a name that the file declares at its top level.
    fn binding(&self, name: &str) -> Callable {
        for statement in &self.program.body {
            let declaration = match statement {
                Statement::ExportDeclaration(export) => Some(&export.declaration),
                statement => statement.as_declaration(),
            };
            let found = match declaration {
                Some(Declaration::FunctionDeclaration(function)) => function
                    .name()
                    .is_some_and(|found| found == name)
                    .then_some(Callable::Yes),
                Some(Declaration::ClassDeclaration(class)) => class
                    .name()
                    .is_some_and(|found| found == name)
                    .then_some(Callable::Yes),
                Some(Declaration::VariableDeclaration(variables)) => names(variables)
                    .contains(&name)
                    .then(|| variable(variables, name)),
                _ => None,
            };
            if let Some(found) = found {
                return found;
            }
        }
        Callable::Unknown
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

/// What is known about a variable, by the value it starts with.
fn variable(variables: &VariableDeclaration<'_>, name: &str) -> Callable {
    let declared = variables
        .declarations
        .iter()
        .find_map(|declarator| match &declarator.id {
            BindingPattern::BindingIdentifier(identifier) if identifier.name == name => {
                declarator.init.as_ref()
            }
            _ => None,
        });
    match declared.map(|value| callable_itself(value.get_inner_expression())) {
        Some(Callable::Yes) => Callable::Yes,
        Some(Callable::No) if variables.kind == VariableDeclarationKind::Const => Callable::No,
        Some(Callable::No | Callable::Unknown) | None => Callable::Unknown,
    }
}

/// The names that a declaration declares.
fn names<'a>(variables: &VariableDeclaration<'a>) -> Vec<&'a str> {
    let patterns = variables
        .declarations
        .iter()
        .map(|declarator| &declarator.id);
    let identifiers = patterns.flat_map(BindingPattern::get_binding_identifiers);
    identifiers
        .map(|identifier| identifier.name.as_str())
        .collect()
}

/// Whether an expression that is no name can be called.
fn callable_itself(value: &Expression<'_>) -> Callable {
    match value {
        Expression::FunctionExpression(_)
        | Expression::ArrowFunctionExpression(_)
        | Expression::ClassExpression(_) => Callable::Yes,
        Expression::ObjectExpression(_)
        | Expression::ArrayExpression(_)
        | Expression::TemplateLiteral(_)
        | Expression::BinaryExpression(_)
        | Expression::UnaryExpression(_) => Callable::No,
        value if value.is_literal() => Callable::No,
        _ => Callable::Unknown,
    }
}
