//! A JSON value whose fields stay in their order.

use std::time::Duration;

use serde::ser::{Serialize, Serializer};

/// A value.
pub(super) enum Json {
    Null,
    Flag(bool),
    Number(i64),
    Fraction(f64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

impl Json {
    /// Milliseconds, with a fraction only where there is one.
    pub(super) fn millis(time: Duration) -> Self {
        let whole = i64::try_from(time.as_millis());
        match whole {
            Ok(millis) if time.subsec_nanos().is_multiple_of(1_000_000) => Json::Number(millis),
            _ => Json::Fraction(time.as_secs_f64() * 1e3),
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Flag(flag) => serializer.serialize_bool(*flag),
            Json::Number(number) => serializer.serialize_i64(*number),
            Json::Fraction(number) => serializer.serialize_f64(*number),
            Json::Text(text) => serializer.serialize_str(text),
            Json::List(list) => serializer.collect_seq(list),
            Json::Map(map) => serializer.collect_map(map.iter().map(|(key, value)| (key, value))),
        }
    }
}

/// The value as lines.
pub(super) fn print(value: &Json) -> String {
    // Only a map with keys that are no strings, or a writer, can fail.
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
            ("a".into(), Json::millis(Duration::from_micros(1500))),
            ("n".into(), Json::List(vec![Json::Null, Json::Flag(true)])),
        ]);
        let expected = "{\n  \"z\": 250,\n  \"a\": 1.5,\n  \"n\": [\n    null,\n    true\n  ]\n}\n";
        assert_eq!(print(&value), expected);
    }
}
