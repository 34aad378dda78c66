//! What keeps a file from loading.

use lvs_cf::Kind;

use crate::Case;

pub(crate) const ERRORS: &[Case] = cases! {
    QuotationMismatch "primary = «\"10.1.0.1»",
        "quotation mismatch",
        "a closing quote, then a space or the end of the line", "";
    UnexpectedEndOfFile "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8«»",
        "unexpected end of file",
        "`}`", "";
    UnexpectedArguments "primary = 10.1.0.1 «10.1.0.2 10.1.0.3» # why",
        "unexpected arguments after \"10.1.0.1\"",
        "the end of the line, or `#` and a comment", "";
    EqualExpected "«primary» 10.1.0.1",
        "equal (=) expected after command: \"primary\"",
        "`primary = VALUE`", "";
    MissingArguments "«primary» = # none",
        "missing arguments: \"primary\"",
        "a value after `=`", "";
    MissingArguments "keepalive = 2«»",
        "missing arguments: the file has no `primary`",
        "`primary = ADDRESS` outside the blocks", "";
    MissingArguments "primary = 10.1.0.1\nvirtual «web» {\n}",
        "missing arguments: virtual \"web\" has no `address`",
        "`address = ADDRESS` in this block", "";
    MissingArguments "primary = 10.1.0.1\n«virtual» {\naddress = 10.1.0.8\n}",
        "missing arguments: the block's name",
        "`NAME {` after it", "";
    MissingArguments "primary = 10.1.0.1\n«failover db»\naddress = 10.1.0.8\n}",
        "missing arguments: \"{\"",
        "`{` at the end of this line", "";
    MissingArguments "primary = 10.1.0.1\nnat_router = «10.2.0.254»",
        "missing arguments: the device of \"nat_router\"",
        "a device after the address, such as `eth1:1`", "";
    InvalidHost "primary = «10.1.0.256»",
        "invalid host name or ip address: \"10.1.0.256\"",
        "an IP address, or a host name that resolves to one", "";
    InvalidHost "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\naddress = «0.0.0.0» eth0:1\nactive = 1\n}",
        "invalid host name or ip address: \"0.0.0.0\"",
        "a host address", "";
    InvalidHost "primary = «nosuch.example»",
        "invalid host name or ip address: \"nosuch.example\"",
        "an IP address, or a host name that resolves: this one does not", "";
    InvalidHost "primary = «fe80::1»",
        "invalid host name or ip address: \"fe80::1\"",
        "an address that is not link-local and has no zone", "";
    InvalidHost "primary = «0.0.0.0»",
        "invalid host name or ip address: \"0.0.0.0\"",
        "a host address", "";
    InvalidArgument "primary = 10.1.0.1\nnetwork = «drect»",
        "invalid argument: \"drect\"",
        "one of nat, direct, tunnel", "did you mean `direct`?";
    InvalidArgument "primary = 10.1.0.1\nservice = «fso»",
        "invalid argument: \"fso\"",
        "one of lvs, fos", "did you mean `fos`?";
    InvalidArgument "primary = 10.1.0.1\nreservation_conflict_action = «premept»",
        "invalid argument: \"premept\"",
        "one of nothing, preempt", "did you mean `preempt`?";
    InvalidArgument "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8\nscheduler = «round-robin»\n}",
        "invalid argument: \"round-robin\"",
        "one of rr, wrr, lc, wlc, lblc, lblcr, dh, sh, sed, nq, fo, ovf, mh, twos",
        "did you mean `rr`?";
    InvalidArgument "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8\nprotocol = «ucp»\n}",
        "invalid argument: \"ucp\"",
        "one of tcp, udp, sctp", "did you mean `tcp`?";
    InvalidArgument "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8\nfwmark = «4294967296»\n}",
        "invalid argument: \"4294967296\"",
        "a firewall mark from 0 to 4294967295", "";
    InvalidArgument "primary = 10.1.0.1\nsyncd_id = «256»",
        "invalid argument: \"256\"",
        "a whole number from 0 to 255", "";
    InvalidArgument "primary = 10.1.0.1\nsyncd_iface = «eth1:1»",
        "invalid argument: \"eth1:1\"",
        "an interface such as `eth1`, not an alias", "";
    InvalidArgument "primary = 10.1.0.1\ntcp_timeout = «2147484»",
        "invalid argument: \"2147484\"",
        "a time from 0 to 2147483 seconds", "";
    InvalidArgument "primary = 10.1.0.1\nactive_cmd = «\"\"»",
        "invalid argument: \"\"",
        "a non-empty value", "";
    InvalidArgument "primary = 10.1.0.1\nbackup = «10.1.0.1»",
        "invalid argument: \"backup\" is the same as \"primary\"",
        "an address of the other router", "";
    InvalidArgument "primary = 10.1.0.1\nbackup = 10.1.0.2\nprimary_private = 10.2.0.1\nbackup_private = «10.2.0.1»",
        "invalid argument: \"backup_private\" is the same as \"primary_private\"",
        "an address of the other router", "";
    InvalidArgument "primary = 10.1.0.1\nbackup = «10.2.0.1»\nprimary_private = 10.2.0.1\nbackup_private = 10.2.0.2",
        "invalid argument: \"backup\" is the same as \"primary_private\"",
        "an address of the other router", "";
    InvalidArgument "primary = 10.1.0.1\nnat_router = 10.2.0.254 eth1:1\nvirtual a {\nactive = 1\naddress = «10.2.0.254 eth0:1»\nserver b {\naddress = 10.2.0.2\nactive = 1\n}\n}",
        "invalid argument: the virtual IP address is also that of `nat_router`",
        "a different address", "";
    InvalidArgument "primary = 10.1.0.1\nvirtual a {\naddress = «10.1.0.1 eth0:1»\n}",
        "invalid argument: the virtual IP address is the router's own (`primary`)",
        "an address that is not a router's own", "";
    InvalidArgument "primary = 10.1.0.1\nnat_router = «10.1.0.1 eth1:1»",
        "invalid argument: `nat_router` is the router's own address (`primary`)",
        "an address that is not a router's own", "";
    InvalidArgument "primary = «127.0.1.1»\nbackup = 10.1.0.2",
        "invalid argument: \"primary\" is a loopback address",
        "an address that other hosts can reach", "";
    InvalidArgument "primary = 10.1.0.1\nvirtual a {\naddress = «127.0.0.9»\n}",
        "invalid argument: the virtual IP address is a loopback address",
        "an address that other hosts can reach", "";
    InvalidHost "primary = 10.1.0.1\nvirtual a {\naddress = «255.0.0.0»\nvip_nmask = 64\n}",
        "invalid host name or ip address: \"255.0.0.0\"",
        "a host address", "";
    InvalidArgument "primary = 10.1.0.1\nbackup = «2001:db8::2»",
        "invalid argument: \"backup\" is an IPv6 address and the primary's is not",
        "an IPv4 address", "";
    InvalidArgument "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.8\nserver b {\naddress = «2001:db8::2»\n}\n}",
        "invalid argument: an IPv6 real server of an IPv4 virtual server",
        "an IPv4 address, or `network = tunnel`", "";
    InvalidArgument "primary = 10.1.0.1\nvirtual a {\naddress = 2001:db8::8\nsorry_server = «10.2.0.2»\n}",
        "invalid argument: an IPv4 sorry server of an IPv6 virtual server",
        "an IPv6 address, or `network = tunnel`", "";
    InvalidArgument "primary = 10.1.0.1\nvirtual «\"a\u{7f}\"» {\naddress = 10.1.0.8\n}",
        "invalid argument: \"a\\u{7f}\"",
        "a non-empty name without control characters", "";
    IntegerExpected "primary = 10.1.0.1\nmonitor_links = «yes»",
        "integer expected: \"yes\"",
        "a whole number", "";
    IntegerExpected "primary = 10.1.0.1\nkeepalive = «2h»",
        "integer expected: \"2h\"",
        "a time in seconds, or one such as `0.25`, `250ms`, `3s`, `2m`", "did you mean `120m`?";
    IntegerExpected "primary = 10.1.0.1\nkeepalive = «08»",
        "integer expected: \"08\"",
        "a time in seconds, or one such as `0.25`, `250ms`, `3s`, `2m`", "a leading 0 means octal";
    IntegerExpected "primary = 10.1.0.1\nkeepalive = «010s»",
        "integer expected: \"010s\"",
        "a time in seconds, or one such as `0.25`, `250ms`, `3s`, `2m`", "a leading 0 means octal";
    InvalidArgument "primary = 10.1.0.1\nheartbeat_port = «080»",
        "invalid argument: \"080\"",
        "a port from 1 to 65535, or a service name such as `http`", "a leading 0 means octal";
    BooleanExpected "primary = 10.1.0.1\nhard_shutdown = «yes»",
        "boolean expected: \"yes\"",
        "0 or 1", "did you mean `1`?";
    ListExpected "primary = 10.1.0.1\nfailover a {\naddress = 10.1.0.8\ndirs = «[ /srv»\n}",
        "list expected: \"[ /srv\"",
        "words in brackets: `[ a b ]`", "";
    UnknownCommand "«prmary» = 10.1.0.1",
        "unknown command: \"prmary\"",
        "a directive allowed outside the blocks", "did you mean `primary`?";
    UnknownCommand "primary = 10.1.0.1\n«scheduler» = rr",
        "unknown command: \"scheduler\"",
        "a directive allowed outside the blocks",
        "`scheduler` belongs in a virtual block: move it, or check for a misplaced `}`";
    UnknownCommand "primary = 10.1.0.1\n«falover» db {\n}",
        "unknown command: \"falover\"",
        "`virtual NAME {` or `failover NAME {`", "did you mean `failover`?";
    UnknownCommand "primary = 10.1.0.1\n«}»",
        "unknown command: \"}\" without an open block",
        "", "remove it, or add the missing opening line of its block";
    UnexpectedArguments "primary =«=» 10.1.0.1",
        "unexpected arguments: a second \"=\"",
        "`primary = VALUE`", "";
    BadSubnetMask "primary = 10.1.0.1\nnat_nmask = «255.0.255.0»",
        "Bad subnet mask specified: \"255.0.255.0\"",
        "a contiguous netmask such as 255.255.255.0", "";
    BadSubnetMask "primary = 10.1.0.1\nvirtual a {\nvip_nmask = «24»\naddress = 10.1.0.8\n}",
        "Bad subnet mask specified: \"24\"",
        "a netmask such as 255.255.255.0", "did you mean `255.255.255.0`?";
    BadSubnetMask "primary = 10.1.0.1\nvirtual a {\naddress = 2001:db8::8\npmask = «255.255.255.0»\n}",
        "Bad subnet mask specified: \"255.255.255.0\"",
        "a prefix length from 1 to 128 for an IPv6 address", "";
    EmptyConfiguration "# nothing«»",
        "Empty configuration",
        "directives, at least `primary = ADDRESS`", "";
    Unsupported "primary = 10.1.0.1\nservice = «fos»",
        "unsupported value \"fos\" of \"service\": not implemented in this version",
        "`lvs`", "";
    Unsupported "primary = 10.1.0.1\n«active_cmd» = x\n",
        "unsupported directive \"active_cmd\": not implemented in this version",
        "", "remove the line, or comment it out with `#`";
    Unsupported "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.9\nprotocol = «sctp»\nserver b {\nactive = 1\naddress = 10.2.0.11\n}\n}",
        "unsupported protocol \"sctp\": not implemented in this version",
        "`tcp` or `udp`", "";
    NotText "primary = 10.1.0.1«\0»",
        "not a text file: byte 0x00",
        "lines of UTF-8 text", "";
};
