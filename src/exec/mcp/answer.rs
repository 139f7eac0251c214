//! What a tool answered, as text and as a value.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use serde_json::Value;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Its texts, one below the other. What is no text is named in brackets.
    pub text: String,
    /// The structured content, where there is one.
    pub json: Option<Value>,
    /// The tool says that it failed.
    pub error: bool,
}

impl From<CallToolResult> for Answer {
    fn from(result: CallToolResult) -> Self {
        let texts: Vec<String> = result.content.into_iter().map(text).collect();
        let mut text = texts.join("\n");
        let json = result.structured_content;
        if let (true, Some(json)) = (texts.is_empty(), &json) {
            text = format!("{json:#}");
        }
        Self { text, json, error: result.is_error == Some(true) }
    }
}

fn text(block: ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text,
        ContentBlock::Image(image) => format!("[an image, {}]", image.mime_type),
        ContentBlock::Audio(audio) => format!("[a sound, {}]", audio.mime_type),
        ContentBlock::ResourceLink(link) => link.uri,
        ContentBlock::Resource(resource) => match resource.resource {
            ResourceContents::TextResourceContents { text, .. } => text,
            ResourceContents::BlobResourceContents { uri, .. } => format!("[a file, {uri}]"),
            _ => "[something of a newer kind]".to_owned(),
        },
        _ => "[something of a newer kind]".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(result: Value) -> Answer {
        serde_json::from_value::<CallToolResult>(result).expect("a result").into()
    }

    #[test]
    fn texts_are_joined_and_the_rest_is_named() {
        let told = answer(json!({ "content": [
            { "type": "text", "text": "one" },
            { "type": "image", "data": "AAAA", "mimeType": "image/png" },
            { "type": "resource", "resource": { "uri": "file:///a", "text": "two" } },
            { "type": "resource_link", "uri": "file:///b", "name": "b" },
        ] }));
        assert_eq!(told.text, "one\n[an image, image/png]\ntwo\nfile:///b");
        assert_eq!((told.json, told.error), (None, false));
    }

    #[test]
    fn structured_content_is_a_value_and_stands_for_a_missing_text() {
        let both =
            answer(json!({ "content": [{ "type": "text", "text": "x" }], "structuredContent": { "n": 1 } }));
        assert_eq!((both.text.as_str(), both.json), ("x", Some(json!({ "n": 1 }))));
        let alone = answer(json!({ "content": [], "structuredContent": { "n": 1 }, "isError": true }));
        assert_eq!((alone.text.as_str(), alone.error), ("{\n  \"n\": 1\n}", true));
    }
}
