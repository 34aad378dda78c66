//! A JSON value whose fields stay in their order.

use std::time::Duration;

use serde::ser::{Error, Serialize, Serializer};
use serde_json::value::RawValue;

use super::settings::decimal;

/// A value.
pub(super) enum Json {
    Null,
    Flag(bool),
    Number(i64),
    /// A number as JSON writes it, which may have more digits than a machine's number.
    Decimal(String),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

impl Json {
    /// Milliseconds, with a fraction only where there is one.
    pub(super) fn millis(time: Duration) -> Self {
        Json::Decimal(decimal(time.as_nanos(), 6))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Flag(flag) => serializer.serialize_bool(*flag),
            Json::Number(number) => serializer.serialize_i64(*number),
            Json::Decimal(number) => RawValue::from_string(number.clone())
                .map_err(S::Error::custom)?
                .serialize(serializer),
            Json::Text(text) => serializer.serialize_str(text),
            Json::List(list) => serializer.collect_seq(list),
            Json::Map(map) => serializer.collect_map(map.iter().map(|(key, value)| (key, value))),
        }
    }
}

/// The value as lines.
pub(super) fn print(value: &Json) -> String {
    // Only a map with keys that are no strings, a decimal that is no number, or a writer can fail.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_numbers_their_kind() {
        let value = Json::Map(vec![
            ("z".into(), Json::millis(Duration::from_millis(250))),
            (
                "a".into(),
                Json::millis(Duration::from_nanos(1_000_001_000)),
            ),
            ("n".into(), Json::List(vec![Json::Null, Json::Flag(true)])),
        ]);
        let expected =
            "{\n  \"z\": 250,\n  \"a\": 1000.001,\n  \"n\": [\n    null,\n    true\n  ]\n}\n";
        assert_eq!(print(&value), expected);
    }
}
