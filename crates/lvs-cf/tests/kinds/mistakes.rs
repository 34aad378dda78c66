//! What people write, and what they are told to write instead.

use lvs_cf::Kind;

use crate::Case;

pub(crate) const MISTAKES: &[Case] = cases! {
    UnexpectedArguments "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8\nsend = GET «/ HTTP/1.0»\n}",
        "unexpected arguments after \"GET\"",
        "the end of the line, or `#` and a comment", "quote values that contain spaces";
    UnexpectedArguments "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8\nsend = “GET «/”»\n}",
        "unexpected arguments after \"“GET\"",
        "the end of the line, or `#` and a comment",
        "`“` is neither a quote nor a space: quote with `\"` or `'`";
    UnexpectedArguments "primary = 10.1.0.1\ndeadtime = 18 «sec»",
        "unexpected arguments after \"18\"",
        "the end of the line, or `#` and a comment", "did you mean `18s`?";
    UnexpectedArguments "primary = 10.1.0.1 «eth0»",
        "unexpected arguments after \"10.1.0.1\"",
        "the end of the line, or `#` and a comment",
        "only `address` of a virtual server and `nat_router` take a device";
    UnexpectedArguments "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8 eth0 «255.255.255.0»\n}",
        "unexpected arguments after \"10.1.0.8\"",
        "the end of the line, or `#` and a comment",
        "netmasks belong in `vip_nmask` and `nat_nmask`";
    UnexpectedArguments "primary = 10.1.0.1\nsyncd_id = 1, «2»",
        "unexpected arguments after \"1,\"",
        "the end of the line, or `#` and a comment", "separate words with spaces";
    UnexpectedArguments "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8 «}»\nkeepalive = 1",
        "unexpected arguments: \"}\" after a statement",
        "`}` on a line of its own", "";
    UnexpectedArguments "primary = 10.1.0.1\n«virtual» = a {\naddress = 10.1.0.8\n}\nkeepalive = 1",
        "unexpected arguments: \"=\" in the opening line of a block",
        "`virtual NAME {`", "";
    EqualExpected "primary = 10.1.0.1\n«heartbeat» port = 539",
        "equal (=) expected after command: \"heartbeat\"",
        "`heartbeat = VALUE`", "did you mean `heartbeat_port`?";
    UnknownCommand "primary = 10.1.0.1\n«nat» router = 10.2.0.254 eth1",
        "unknown command: \"nat\"",
        "a directive allowed outside the blocks", "did you mean `nat_router = VALUE`?";
    UnknownCommand "primary = 10.1.0.1\n«keepalive:» 6",
        "unknown command: \"keepalive:\"",
        "a directive allowed outside the blocks", "did you mean `keepalive = VALUE`?";
    UnknownCommand "primary = 10.1.0.1\n«//» comment",
        "unknown command: \"//\"",
        "a directive allowed outside the blocks", "a comment begins with `#`";
    UnknownCommand "primary = 10.1.0.1\n«<<<<<<<» HEAD",
        "unknown command: \"<<<<<<<\"",
        "a directive allowed outside the blocks",
        "unresolved merge conflict: keep one side";
    UnknownCommand "primary = 10.1.0.1\n«\u{a0}keepalive» = 2",
        "unknown command: \"\\u{a0}keepalive\"",
        "a directive allowed outside the blocks",
        "contains the look-alike character U+00A0";
    UnknownCommand "primary = 10.1.0.1\n«virtual» = a",
        "unknown command: \"virtual\"",
        "a directive allowed outside the blocks", "a block begins with `virtual NAME {`";
    UnknownCommand "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8\n«service» = http\n}",
        "unknown command: \"service\"",
        "a directive allowed in a virtual block", "did you mean `port = VALUE`?";
    UnknownCommand "primary = 10.1.0.1\nvirtual a {\n«vip» = 10.1.0.8\n}",
        "unknown command: \"vip\"",
        "a directive allowed in a virtual block", "did you mean `address = VALUE`?";
    UnknownCommand "primary = 10.1.0.1\n«virtual_server» a {\naddress = 10.1.0.8\n}",
        "unknown command: \"virtual_server\"",
        "`virtual NAME {` or `failover NAME {`", "did you mean `virtual`?";
    UnknownCommand "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8\n«real_server» b {\naddress = 10.2.0.1\n}\n}",
        "unknown command: \"real_server\"",
        "`server NAME {`", "did you mean `server`?";
    QuotationMismatch "primary = 10.1.0.1\nactive_cmd = «\"say \"x\"\"»",
        "quotation mismatch",
        "a closing quote, then a space or the end of the line",
        "use `'` to quote a value that contains `\"`";
    QuotationMismatch "primary = 10.1.0.1\nactive_cmd = «'it's'»",
        "quotation mismatch",
        "a closing quote, then a space or the end of the line",
        "use `\"` to quote a value that contains `'`";
    QuotationMismatch "primary = 10.1.0.1\nactive_cmd = «\"say \\»",
        "quotation mismatch",
        "a closing quote, then a space or the end of the line",
        "write each statement on one line, however long";
    InvalidHost "primary = «10.1.0.1/24»",
        "invalid host name or ip address: \"10.1.0.1/24\"",
        "an IP address, or a host name that resolves to one",
        "remove `/24`: netmasks belong in `vip_nmask` and `nat_nmask`";
    InvalidHost "primary = «fe80::1%eth0»",
        "invalid host name or ip address: \"fe80::1%eth0\"",
        "an address that is not link-local and has no zone", "";
    QuotationMismatch "primary = 10.1.0.1\nvirtual «\"a\"{»\naddress = 10.1.0.8\n}",
        "quotation mismatch",
        "a closing quote, then a space or the end of the line",
        "put a space before the `{`";
    UnexpectedArguments "primary = 10.1.0.1\nkeepalive = 6 «deadtime = 18»",
        "unexpected arguments after \"6\"",
        "the end of the line, or `#` and a comment", "write one statement per line";
    InvalidHost "primary = 10.1.0.1\nbackup = «none»",
        "invalid host name or ip address: \"none\"",
        "an IP address, or a host name that resolves to one",
        "omit the directive, or write `0.0.0.0` for no address";
    BooleanExpected "primary = 10.1.0.1\nhard_shutdown = «no»",
        "boolean expected: \"no\"",
        "0 or 1", "did you mean `0`?";
    IntegerExpected "primary = 10.1.0.1\ntcp_timeout = «15min»",
        "integer expected: \"15min\"",
        "whole seconds, or a time such as `30s`, `2m`", "did you mean `15m`?";
    InvalidArgument "primary = 10.1.0.1\nnetwork = «masq»",
        "invalid argument: \"masq\"",
        "one of nat, direct, tunnel", "did you mean `nat`?";
    InvalidArgument "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8\nport = «htpp»\n}",
        "invalid argument: \"htpp\"",
        "a port from 1 to 65535, or a service name such as `http`", "did you mean `http`?";
    InvalidArgument "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8\nport = «80,443»\n}",
        "invalid argument: \"80,443\"",
        "a port from 1 to 65535, or a service name such as `http`",
        "one port per block: combine several with `fwmark`, see lvs.cf(5)";
    BadSubnetMask "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8\nvip_nmask = «24»\n}",
        "Bad subnet mask specified: \"24\"",
        "a netmask such as 255.255.255.0", "did you mean `255.255.255.0`?";
    BadSubnetMask "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8\nvip_nmask = «/24»\n}",
        "Bad subnet mask specified: \"/24\"",
        "a netmask such as 255.255.255.0, or for IPv6 a prefix length from 1 to 128",
        "write `255.255.255.0` for IPv4, `24` for IPv6";
};
