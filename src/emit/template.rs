//! Handlebars, one strict registry a target, with that target's own escape function.
//!
//! Users may replace a template. The escape still applies: a template that asks for unescaped
//! output (`{{{x}}}` or `{{&x}}`) is refused.

use handlebars::Handlebars;
use handlebars::template::{Template, TemplateElement};
use serde::Serialize;
use std::collections::BTreeMap;

/// The user's own templates by `TARGET/NAME.hbs`; empty when there are none.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    overrides: BTreeMap<String, String>,
}

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("template `{name}`: {reason}")]
pub struct TemplateError {
    /// The template's name, such as `bacula/bacula-dir.conf.hbs`.
    pub name: String,
    /// What is wrong with it, with the line where it is known.
    pub reason: String,
}

impl Templates {
    /// Takes the user's templates.
    pub fn new(overrides: BTreeMap<String, String>) -> Self {
        Self { overrides }
    }

    /// The names of the user's templates.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.overrides.keys().map(String::as_str)
    }

    /// Renders `TARGET/NAME.hbs`: the user's text if there is one, else `ours`.
    ///
    /// # Errors
    /// When the template does not parse, asks for unescaped output, or names a field that `view`
    /// does not have.
    pub fn render(
        &self,
        name: &str,
        ours: &str,
        escape: fn(&str) -> String,
        view: &impl Serialize,
    ) -> Result<String, TemplateError> {
        let text = self.overrides.get(name).map_or(ours, String::as_str);
        let fail = |reason: String| TemplateError { name: name.to_owned(), reason };
        let template = Template::compile(text).map_err(|e| fail(e.to_string()))?;
        refuse_unescaped(&template).map_err(&fail)?;
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        registry.register_escape_fn(escape);
        registry.register_template(name, template);
        registry.render(name, view).map_err(|e| fail(e.to_string()))
    }
}

/// Refuses `{{{x}}}` and `{{&x}}`, in blocks too.
fn refuse_unescaped(template: &Template) -> Result<(), String> {
    for (element, place) in template.elements.iter().zip(&template.mapping) {
        match element {
            TemplateElement::HtmlExpression(_) => {
                return Err(format!("line {}: unescaped output is not allowed", place.0));
            }
            TemplateElement::HelperBlock(block) => {
                for inner in block.template.iter().chain(&block.inverse) {
                    refuse_unescaped(inner)?;
                }
            }
            TemplateElement::DecoratorBlock(block) | TemplateElement::PartialBlock(block) => {
                if let Some(inner) = &block.template {
                    refuse_unescaped(inner)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shout(text: &str) -> String {
        text.to_uppercase()
    }

    #[test]
    fn escapes_always_apply() {
        let view = serde_json::json!({"a": ["x"], "b": true});
        let ours = Templates::default();
        let text = ours.render("t", "{{#each a}}<{{this}}>{{/each}}", shout, &view).unwrap();
        assert_eq!(text, "<X>");
        for bad in ["{{{b}}}", "{{&b}}", "{{#if b}}{{{b}}}{{/if}}", "{{#if b}}{{else}}{{&b}}{{/if}}"] {
            assert!(ours.render("t", bad, shout, &view).is_err(), "{bad}");
        }
        assert!(ours.render("t", "{{typo}}", shout, &view).is_err());
    }

    #[test]
    fn the_users_template_wins() {
        let own = Templates::new([("t".to_owned(), "own {{x}}".to_owned())].into());
        assert_eq!(own.render("t", "ours", shout, &serde_json::json!({"x": "y"})).unwrap(), "own Y");
    }
}
