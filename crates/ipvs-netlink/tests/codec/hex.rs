//! Bytes as text: two digits each, `0x...` is a number in the machine's byte order, `#` begins a
//! comment, `"..."` is text without its NUL.

/// The bytes a text stands for.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(str::split_whitespace)
        .flat_map(|word| {
            if let Some(rest) = word.strip_prefix('"') {
                rest.strip_suffix('"').unwrap().as_bytes().to_vec()
            } else if let Some(digits) = word.strip_prefix("0x") {
                number(digits)
            } else {
                vec![u8::from_str_radix(word, 16).unwrap()]
            }
        })
        .collect()
}

/// The bytes of a number as long as it is written.
fn number(digits: &str) -> Vec<u8> {
    let value = u64::from_str_radix(digits, 16).unwrap();
    match digits.len() {
        4 => u16::try_from(value).unwrap().to_ne_bytes().to_vec(),
        8 => u32::try_from(value).unwrap().to_ne_bytes().to_vec(),
        16 => value.to_ne_bytes().to_vec(),
        length => panic!("a number of {length} digits: {digits}"),
    }
}
