//! Calls to be written.

use crate::string::quote;

/// A call to be put into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCall {
    /// What is called: a name of the file.
    pub name: String,
    /// Its keyword arguments, in the order in which they are written.
    pub attributes: Vec<(String, Value)>,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A string, written as a literal that stands for it.
    String(String),
}

impl NewCall {
    /// The call as `buildifier` writes it, an attribute a line, without an end of line behind it.
    pub(super) fn write(&self, line_ending: &[u8], text: &mut Vec<u8>) {
        text.extend_from_slice(self.name.as_bytes());
        text.push(b'(');
        for (name, Value::String(value)) in &self.attributes {
            text.extend_from_slice(line_ending);
            text.extend_from_slice(b"    ");
            text.extend_from_slice(name.as_bytes());
            text.extend_from_slice(b" = ");
            text.extend_from_slice(&quote(value.as_bytes()));
            text.push(b',');
        }
        if !self.attributes.is_empty() {
            text.extend_from_slice(line_ending);
        }
        text.push(b')');
    }
}
