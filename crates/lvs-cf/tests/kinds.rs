//! Every kind of diagnostic: its words, the place it underlines, what it says would be right.

use std::path::Path;

use lvs_cf::{Diagnostic, FixedResolver, Kind, Severity, check, parse};

/// A file with one fault, and what is said of it.
struct Case {
    kind: Kind,
    /// The text; the place is between `«` and `»`.
    source: &'static str,
    reason: &'static str,
    expected: &'static str,
    help: &'static str,
}

macro_rules! cases {
    ($($kind:ident $source:literal, $reason:literal, $expected:literal, $help:literal;)*) => {
        &[$(Case {
            kind: Kind::$kind,
            source: $source,
            reason: $reason,
            expected: $expected,
            help: $help,
        },)*]
    };
}

const ERRORS: &[Case] = cases! {
    QuotationMismatch "primary = «\"10.1.0.1»",
        "quotation mismatch",
        "a closing quote, and a blank or the line's end behind it", "";
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
        "`NAME {` behind it", "";
    MissingArguments "primary = 10.1.0.1\n«failover db»\naddress = 10.1.0.8\n}",
        "missing arguments: \"{\"",
        "`{` at the end of this line", "";
    MissingArguments "primary = 10.1.0.1\nnat_router = «10.2.0.254»",
        "missing arguments: the device of \"nat_router\"",
        "a device behind it, such as `eth1:1`", "";
    InvalidHost "primary = «10.1.0.256»",
        "invalid host name or ip address: \"10.1.0.256\"",
        "an IP address, or a host name that resolves to one", "";
    InvalidHost "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\naddress = «0.0.0.0» eth0:1\nactive = 1\n}",
        "invalid host name or ip address: \"0.0.0.0\"",
        "the address of one host", "";
    InvalidHost "primary = «nosuch.example»",
        "invalid host name or ip address: \"nosuch.example\"",
        "an IP address, or a host name that resolves to one", "";
    InvalidHost "primary = «fe80::1»",
        "invalid host name or ip address: \"fe80::1\"",
        "an address that means the same on every link", "";
    InvalidHost "primary = «0.0.0.0»",
        "invalid host name or ip address: \"0.0.0.0\"",
        "the address of one host", "";
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
        "one of rr, wrr, lc, wlc, lblc, lblcr, dh, sh, sed, nq, fo, ovf, mh, twos", "";
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
        "a word that is not empty", "";
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
        "invalid argument: the virtual address is that of `nat_router`",
        "an address of its own", "";
    InvalidArgument "primary = 10.1.0.1\nvirtual a {\naddress = «10.1.0.1 eth0:1»\n}",
        "invalid argument: the virtual address is the router's own (`primary`)",
        "an address that no router has for itself", "";
    InvalidArgument "primary = 10.1.0.1\nnat_router = «10.1.0.1 eth1:1»",
        "invalid argument: `nat_router` is the router's own address (`primary`)",
        "an address that no router has for itself", "";
    InvalidArgument "primary = «127.0.1.1»\nbackup = 10.1.0.2",
        "invalid argument: \"primary\" is one that every machine has for itself",
        "an address that other machines reach", "";
    InvalidArgument "primary = 10.1.0.1\nvirtual a {\naddress = «127.0.0.9»\n}",
        "invalid argument: the virtual address is one that every machine has for itself",
        "an address that other machines reach", "";
    InvalidHost "primary = 10.1.0.1\nvirtual a {\naddress = «255.0.0.0»\nvip_nmask = 64\n}",
        "invalid host name or ip address: \"255.0.0.0\"",
        "the address of one host", "";
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
        "a name, neither empty nor with control characters", "";
    IntegerExpected "primary = 10.1.0.1\nmonitor_links = «yes»",
        "integer expected: \"yes\"",
        "a whole number", "";
    IntegerExpected "primary = 10.1.0.1\nkeepalive = «2h»",
        "integer expected: \"2h\"",
        "a time in seconds, or one such as `0.25`, `250ms`, `3s`, `2m`", "";
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
        "0 or 1", "";
    ListExpected "primary = 10.1.0.1\nfailover a {\naddress = 10.1.0.8\ndirs = «[ /srv»\n}",
        "list expected: \"[ /srv\"",
        "words between brackets: `[ a b ]`", "";
    UnknownCommand "«prmary» = 10.1.0.1",
        "unknown command: \"prmary\"",
        "a directive that stands outside the blocks", "did you mean `primary`?";
    UnknownCommand "primary = 10.1.0.1\n«scheduler» = rr",
        "unknown command: \"scheduler\"",
        "a directive that stands outside the blocks",
        "`scheduler` stands in a virtual block: is a `}` wrong?";
    UnknownCommand "primary = 10.1.0.1\n«falover» db {\n}",
        "unknown command: \"falover\"",
        "`virtual NAME {` or `failover NAME {`", "did you mean `failover`?";
    UnknownCommand "primary = 10.1.0.1\n«}»",
        "unknown command: \"}\" where no block is open",
        "", "take it out, or look above for a block's missing first line";
    UnexpectedArguments "primary =«=» 10.1.0.1",
        "unexpected arguments: a second \"=\"",
        "`primary = VALUE`", "";
    BadSubnetMask "primary = 10.1.0.1\nnat_nmask = «255.0.255.0»",
        "Bad subnet mask specified: \"255.0.255.0\"",
        "ones before zeros, as in 255.255.255.0", "";
    BadSubnetMask "primary = 10.1.0.1\nvirtual a {\nvip_nmask = «24»\naddress = 10.1.0.8\n}",
        "Bad subnet mask specified: \"24\"",
        "a netmask such as 255.255.255.0", "";
    BadSubnetMask "primary = 10.1.0.1\nvirtual a {\naddress = 2001:db8::8\npmask = «255.255.255.0»\n}",
        "Bad subnet mask specified: \"255.255.255.0\"",
        "a prefix length from 1 to 128, as the address is an IPv6 one", "";
    EmptyConfiguration "# nothing«»",
        "Empty configuration",
        "directives; `primary = ADDRESS` at the least", "";
    Unsupported "primary = 10.1.0.1\nservice = «fos»",
        "unsupported value \"fos\" of \"service\": not implemented in this version",
        "`lvs`", "";
    Unsupported "primary = 10.1.0.1\n«active_cmd» = x\n",
        "unsupported directive \"active_cmd\": not implemented in this version",
        "", "take the line out, or put `#` before it";
    Unsupported "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.9\nprotocol = «sctp»\nserver b {\nactive = 1\naddress = 10.2.0.11\n}\n}",
        "unsupported protocol \"sctp\": not implemented in this version",
        "`tcp` or `udp`", "";
    NotText "primary = 10.1.0.1«\0»",
        "not a text file: byte 0x00",
        "lines of UTF-8 text", "";
};

const WARNINGS: &[Case] = cases! {
    Duplicate "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\naddress = 10.1.0.80 eth0:1\n}\nvirtual «a» {\naddress = 10.1.0.81\n}\n",
        "duplicate virtual server name \"a\"",
        "", "";
    Duplicate "primary = 10.1.0.1\nnetwork = direct\nfailover a {\naddress = 10.1.0.80 eth0:1\n}\nfailover «a» {\naddress = 10.1.0.81\n}\n",
        "duplicate failover service name \"a\"",
        "", "";
    Duplicate "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\nvirtual b {\nactive = 1\naddress = «10.1.0.80 eth0:1»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "duplicate virtual service 10.1.0.80:80 tcp",
        "", "";
    Duplicate "primary = 10.1.0.1\nnat_router = 10.2.0.254 eth1:1\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\nvirtual b {\nactive = 1\naddress = «10.1.0.80 eth0:1»\nfwmark = 7\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "duplicate virtual service 10.1.0.80:80 tcp under fwmark 7",
        "", "";
    Duplicate "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\nserver two {\naddress = «10.2.0.11»\nactive = 1\n}\n}\n",
        "duplicate real server 10.2.0.11 in \"a\"",
        "", "";
    Duplicate "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\nserver «one» {\naddress = 10.2.0.12\nactive = 1\n}\n}\n",
        "duplicate server name \"one\"",
        "", "";
    NoEffect "primary = «10.1.0.1»\nprimary = 10.1.0.3\n",
        "no effect: \"primary\" is set again below",
        "", "";
    NoEffect "primary = 10.1.0.1\nbackup = «10.1.0.2»\nbackup = 0.0.0.0\n",
        "no effect: \"backup\" is set again below",
        "", "";
    NoEffect "primary = 10.1.0.1\nbackup_active = «1»\n",
        "no effect: \"backup_active = 1\" without `backup`; this router runs alone",
        "", "";
    NoEffect "primary = 10.1.0.1\nbackup = 10.1.0.2\nprimary_private = «10.2.0.1»\n",
        "no effect: \"primary_private\" without `backup_private`",
        "", "";
    NoEffect "primary = 10.1.0.1\nbackup = 10.1.0.2\nbackup_private = «10.2.0.2»\n",
        "no effect: \"backup_private\" without `primary_private`",
        "", "";
    NoEffect "primary = 10.1.0.1\nbackup = 10.1.0.2\nheartbeat = «0»\n",
        "no effect: \"heartbeat = 0\" with an active backup; heartbeats are sent",
        "", "";
    NoEffect "primary = 10.1.0.1\nsync = «1»\n",
        "no effect: \"sync\" is read and not used",
        "", "";
    NoEffect "primary = 10.1.0.1\nsyncd_iface = «eth1»\n",
        "no effect: \"syncd_iface\" without `syncdaemon = 1`",
        "", "";
    NoEffect "primary = 10.1.0.1\nsyncd_id = «1»\n",
        "no effect: \"syncd_id\" without `syncdaemon = 1`",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nnat_router = «10.2.0.254 eth1:1»\n",
        "no effect: \"nat_router\" with `network = direct`",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nnat_nmask = «255.255.255.0»\n",
        "no effect: \"nat_nmask\" without `nat_router`",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nprimary_shared = «/dev/sdb1»\n",
        "no effect: \"primary_shared\" without `service = fos`",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nbackup_shared = «/dev/sdb1»\n",
        "no effect: \"backup_shared\" without `service = fos`",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nreservation_conflict_action = «preempt»\n",
        "no effect: \"reservation_conflict_action\" without `service = fos`",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nfailover «db» {\nactive = 1\naddress = 10.1.0.80 eth0:1\n}\n",
        "no effect: failover service \"db\" without `service = fos`",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nservice = fos\nvirtual «web» {\nactive = 1\naddress = 10.1.0.80 eth0:1\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: virtual server \"web\" with `service = fos`",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\ntimeout = 2\ninterval = «3»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"interval\" is more than the timeout; 2s is used",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nuse_regex = «1»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"use_regex\" without `expect`",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nsend = «\"x\"»\nsend_program = \"/bin/check %h\"\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"send\" with `send_program`",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nmaster = «10.2.0.11»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"master\" is read and not used",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\ndirs = «[ /srv ]»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"dirs\" is read and not used",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\npmask = «255.255.255.0»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"pmask\" without `persistent`",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nstart_cmd = «/bin/true»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"start_cmd\" in a virtual block",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nstop_cmd = «/bin/true»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"stop_cmd\" in a virtual block",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nfailover a {\naddress = 10.1.0.80 eth0:1\nfwmark = «1»\n}\n",
        "no effect: \"fwmark\" in a failover block",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nfailover a {\naddress = 10.1.0.80 eth0:1\nscheduler = «rr»\n}\n",
        "no effect: \"scheduler\" in a failover block",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nfailover a {\naddress = 10.1.0.80 eth0:1\npersistent = «60»\n}\n",
        "no effect: \"persistent\" in a failover block",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nfailover a {\naddress = 10.1.0.80 eth0:1\npmask = «255.255.255.0»\n}\n",
        "no effect: \"pmask\" in a failover block",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nfailover a {\naddress = 10.1.0.80 eth0:1\nload_monitor = «none»\n}\n",
        "no effect: \"load_monitor\" in a failover block",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nfailover a {\naddress = 10.1.0.80 eth0:1\nquiesce_server = «1»\n}\n",
        "no effect: \"quiesce_server\" in a failover block",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nfailover a {\naddress = 10.1.0.80 eth0:1\nsorry_server = «10.2.0.9»\n}\n",
        "no effect: \"sorry_server\" in a failover block",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nfailover a {\naddress = 10.1.0.80 eth0:1\nserver «one» {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: server \"one\" in a failover block",
        "", "";
    NoEffect "primary = 10.1.0.1\nnat_router = 10.2.0.254 eth1:1\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\npersistent = 60\nscheduler = rr\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\nvirtual b {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\nport = 443\nscheduler = «lc»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"scheduler\" of a later block under fwmark 7; rr is used",
        "", "";
    NoEffect "primary = 10.1.0.1\nnat_router = 10.2.0.254 eth1:1\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\npersistent = 60\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\nvirtual b {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\nport = 443\npersistent = «30»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"persistent\" of a later block under fwmark 7; 60 is used",
        "", "";
    NoEffect "primary = 10.1.0.1\nnat_router = 10.2.0.254 eth1:1\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\npersistent = 60\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\nvirtual b {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\nport = 443\npersistent = 60\npmask = «255.255.0.0»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"pmask\" of a later block under fwmark 7; /32 is used",
        "", "";
    DeadtimeTooShort "primary = 10.1.0.1\nkeepalive = 2\ndeadtime = «2»\n",
        "deadtime is not more than keepalive; 4s is used",
        "a deadtime of several keepalives", "";
    DeadtimeTooShort "primary = 10.1.0.1\nkeepalive = «5500ms»\n",
        "deadtime is not more than keepalive; 11s is used",
        "a deadtime of several keepalives", "";
    NatWithoutRouter "primary = 10.1.0.1\nnetwork = «nat»\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "nat without nat_router",
        "`nat_router = ADDRESS DEVICE`, the real servers' gateway", "";
    RealPort "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nserver one {\naddress = 10.2.0.11\nactive = 1\nport = «8080»\n}\n}\n",
        "real port other than the virtual port (8080, 80) with direct",
        "", "the kernel delivers to the virtual port; only the check uses this one";
    RealPort "primary = 10.1.0.1\nnat_router = 10.2.0.254 eth1:1\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\npersistent = 60\nserver one {\naddress = 10.2.0.11\nactive = 1\nport = «8080»\n}\n}\nvirtual b {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\nport = 443\npersistent = 60\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "real port other than the virtual port (8080, 80) with several ports under fwmark 7",
        "", "traffic keeps the port it came to; only the check uses this one";
    NoActiveServer "primary = 10.1.0.1\nnetwork = direct\nvirtual «a» {\nactive = 1\naddress = 10.1.0.80 eth0:1\nserver one {\naddress = 10.2.0.11\nactive = 0\n}\n}\n",
        "no active server in \"a\"",
        "a `server` block with `active = 1`", "";
    NoPersistence "primary = 10.1.0.1\nnat_router = 10.2.0.254 eth1:1\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = «7»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\nvirtual b {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\nport = 443\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no persistence: several ports under fwmark 7",
        "`persistent = SECONDS` in this block", "without it one client's connections go to different real servers";
    NoPersistence "primary = 10.1.0.1\nnat_router = 10.2.0.254 eth1:1\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = «21»\nport = ftp\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no persistence: FTP under fwmark 21",
        "`persistent = SECONDS` in this block", "without it one client's connections go to different real servers";
    NoPersistence "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nport = «ftp»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no persistence: FTP with `network = direct`",
        "`persistent = SECONDS` in this block", "without it one client's connections go to different real servers";
    SorryServerInPool "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nsorry_server = «10.2.0.11»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "sorry server in the pool of \"a\"",
        "a server that is up when the real servers are not", "";
    Doubtful "primary = «127.0.0.1»\n",
        "doubtful: \"primary\" is an address that every machine has for itself",
        "the address of the router's interface", "";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80\nserver b {\naddress = «10.1.0.80»\nactive = 1\n}\n}\n",
        "doubtful: the real server's address is the virtual one",
        "the address that the server has for itself", "";
    Doubtful "primary = 10.1.0.1\nrsh_command = «foo»\n",
        "doubtful: \"foo\" is taken for a program",
        "one of rsh, ssh, or a path", "";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80\nload_monitor = «off»\n}\n",
        "doubtful: \"off\" is taken for a program",
        "one of uptime, ruptime, rup, none, or a path", "";
    Doubtful "primary = 10.1.0.1\nvirtual «server» {\naddress = 10.1.0.80\n}\n",
        "doubtful: a virtual server that is called \"server\"",
        "`virtual server NAME {`, or a name of its own", "";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80\nsend_program = «#/bin/x»\n}\n",
        "doubtful: \"#/bin/x\" is a value, and no comment",
        "", "a comment stands behind a value and a blank; a value with `#` is safe in quotes";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80 «eth0:1#no»\n}\n",
        "doubtful: \"eth0:1#no\" is a value, and no comment",
        "", "a comment stands behind a value and a blank; a value with `#` is safe in quotes";
    Doubtful "primary = 10.1.0.1\nkeepalive = «010»\ndeadtime = 20\n",
        "doubtful: \"010\" is octal: 8",
        "", "a leading 0 means octal";
    Doubtful "primary = 10.1.0.1\nheartbeat_port = «0120»\n",
        "doubtful: \"0120\" is octal: 80",
        "", "a leading 0 means octal";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = «0.0.0.0» eth0:1\nserver b {\naddress = 2001:db8::1\n}\n}\n",
        "doubtful: \"0.0.0.0\" is no address yet",
        "", "with `active = 1` it is an error";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80\nprotocol = «udp»\nserver b {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "doubtful: a check over UDP that sends nothing, which few services answer",
        "`send = STRING` or `send_program = COMMAND` in this block",
        "a real server that does not answer gets no traffic";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80\nprotocol = udp\nsend = «\"\"»\nserver b {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "doubtful: a check over UDP that sends nothing, which few services answer",
        "`send = STRING` or `send_program = COMMAND` in this block",
        "a real server that does not answer gets no traffic";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual «a» {\naddress = 10.1.0.80\nserver b {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "doubtful: \"a\" has no `active`, and does not run",
        "`active = 1` or `active = 0` in this block", "";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80\nserver b {\naddress = 10.2.0.11\nactive = 1\n}\nserver «c» {\naddress = 10.2.0.12\n}\n}\n",
        "doubtful: \"c\" has no `active`, and gets no traffic",
        "`active = 1` or `active = 0` in this block", "";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80 «80»\n}\n",
        "doubtful: \"80\" is taken for a device",
        "a device such as `eth0:1`, or the end of the line", "";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80 «255.255.255.0»\n}\n",
        "doubtful: \"255.255.255.0\" is taken for a device",
        "a device such as `eth0:1`, or the end of the line",
        "a netmask stands in `vip_nmask` or `nat_nmask`";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = «10.1.0.255»\nvip_nmask = 255.255.255.0\n}\n",
        "doubtful: 10.1.0.255/24 is the network's broadcast address",
        "the address of one host", "";
    Doubtful "primary = 10.1.0.1\nnat_router = «10.2.0.4 eth1:1»\nnat_nmask = 255.255.255.252\n",
        "doubtful: 10.2.0.4/30 is the network's own address",
        "the address of one host", "";
    DeadtimeTooShort "primary = 10.1.0.1\nkeepalive = «2147483647»",
        "deadtime is not more than keepalive; 2147483647s is used",
        "a deadtime of several keepalives", "";
    Doubtful "primary = 10.1.0.1\nrsh_command = «shh»\n",
        "doubtful: \"shh\" is taken for a program",
        "", "did you mean `ssh`?";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nload_monitor = «uptme»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "doubtful: \"uptme\" is taken for a program",
        "", "did you mean `uptime`?";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\nvirtual b {\nactive = 1\naddress = «10.1.0.80 eth0:2»\nport = 81\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "doubtful: the same virtual address with another device or netmask",
        "", "";
};

/// What is found in a case: severity, place, reason, what was expected, help.
type Finding = (Severity, (usize, usize), String, String, String);

/// All that is found in `source`. What this version does not do is asked for in its own cases only.
fn findings(kind: Kind, source: &str) -> Vec<Finding> {
    let path = Path::new("x.cf");
    let resolver = FixedResolver::new();
    let found = if kind == Kind::Unsupported {
        check(path, source.into(), &resolver)
    } else {
        parse(path, source.into(), &resolver)
    };
    let diagnostics = match found {
        Ok(loaded) => loaded.warnings,
        Err(invalid) => invalid.diagnostics,
    };
    let finding = |d: Diagnostic| {
        let place = (d.span.start as usize, d.span.end() as usize);
        let text = Option::unwrap_or_default;
        (d.severity, place, d.reason, text(d.expected), text(d.help))
    };
    diagnostics.into_iter().map(finding).collect()
}

#[test]
fn every_kind_says_what_is_wrong_and_where() {
    let errors = ERRORS.iter().map(|case| (Severity::Error, case));
    let warnings = WARNINGS.iter().map(|case| (Severity::Warning, case));
    for (severity, case) in errors.chain(warnings) {
        let start = case.source.find('«').expect("a place begins");
        let source = case.source.replacen('«', "", 1);
        let end = source.find('»').expect("a place ends");
        let source = source.replacen('»', "", 1);
        let wanted = (
            severity,
            (start, end),
            case.reason.to_owned(),
            case.expected.to_owned(),
            case.help.to_owned(),
        );
        let found = findings(case.kind, &source);
        let wrong = format!("\n{source}\nwanted: {wanted:?}\nfound: {found:#?}");
        assert_eq!(found, [wanted], "{wrong}");
        assert!(case.reason.starts_with(case.kind.text()), "{wrong}");
    }
}

#[test]
fn every_kind_has_a_case_of_its_severity() {
    let warnings = Kind::ALL.iter().position(|kind| *kind == Kind::Duplicate);
    for (index, kind) in Kind::ALL.into_iter().enumerate() {
        let cases = if warnings.is_some_and(|first| index >= first) {
            WARNINGS
        } else {
            ERRORS
        };
        assert!(cases.iter().any(|case| case.kind == kind), "{kind:?}");
    }
}
