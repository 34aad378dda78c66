//! Bytes as text: two digits each, `#` begins a comment, `"..."` is text without its NUL.

/// The bytes a text stands for.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(str::split_whitespace)
        .flat_map(|word| match word.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"').unwrap().as_bytes().to_vec(),
            None => vec![u8::from_str_radix(word, 16).unwrap()],
        })
        .collect()
}

/// Blocks of bytes, parted by empty lines.
pub(crate) fn blocks(text: &str) -> Vec<Vec<u8>> {
    text.split("\n\n")
        .map(bytes)
        .filter(|block| !block.is_empty())
        .collect()
}
