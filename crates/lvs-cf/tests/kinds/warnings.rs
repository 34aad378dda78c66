//! What loads, and is doubtful.

use lvs_cf::Kind;

use crate::Case;

pub(crate) const WARNINGS: &[Case] = cases! {
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
        "no effect: \"sync\" is accepted and not used",
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
        "no effect: \"interval\" exceeds `timeout`; 2s is used",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nuse_regex = «1»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"use_regex\" without `expect`",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nsend = «\"x\"»\nsend_program = \"/bin/check %h\"\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"send\" with `send_program`",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nmaster = «10.2.0.11»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"master\" is accepted and not used",
        "", "";
    NoEffect "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\ndirs = «[ /srv ]»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"dirs\" is accepted and not used",
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
        "no effect: \"scheduler\" in a later block under fwmark 7; rr is used",
        "", "";
    NoEffect "primary = 10.1.0.1\nnat_router = 10.2.0.254 eth1:1\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\npersistent = 60\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\nvirtual b {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\nport = 443\npersistent = «30»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"persistent\" in a later block under fwmark 7; 60 is used",
        "", "";
    NoEffect "primary = 10.1.0.1\nnat_router = 10.2.0.254 eth1:1\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\npersistent = 60\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\nvirtual b {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\nport = 443\npersistent = 60\npmask = «255.255.0.0»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no effect: \"pmask\" in a later block under fwmark 7; /32 is used",
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
        "", "the kernel delivers to the virtual port; only the health check uses this port";
    RealPort "primary = 10.1.0.1\nnat_router = 10.2.0.254 eth1:1\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\npersistent = 60\nserver one {\naddress = 10.2.0.11\nactive = 1\nport = «8080»\n}\n}\nvirtual b {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\nport = 443\npersistent = 60\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "real port other than the virtual port (8080, 80) with several ports under fwmark 7",
        "", "traffic keeps its destination port; only the health check uses this port";
    NoActiveServer "primary = 10.1.0.1\nnetwork = direct\nvirtual «a» {\nactive = 1\naddress = 10.1.0.80 eth0:1\nserver one {\naddress = 10.2.0.11\nactive = 0\n}\n}\n",
        "no active server in \"a\"",
        "a `server` block with `active = 1`", "";
    NoPersistence "primary = 10.1.0.1\nnat_router = 10.2.0.254 eth1:1\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = «7»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\nvirtual b {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = 7\nport = 443\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no persistence: several ports under fwmark 7",
        "`persistent = SECONDS` in this block", "without it, connections of one client go to different real servers";
    NoPersistence "primary = 10.1.0.1\nnat_router = 10.2.0.254 eth1:1\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nfwmark = «21»\nport = ftp\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no persistence: FTP under fwmark 21",
        "`persistent = SECONDS` in this block", "without it, connections of one client go to different real servers";
    NoPersistence "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nport = «ftp»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "no persistence: FTP with `network = direct`",
        "`persistent = SECONDS` in this block", "without it, connections of one client go to different real servers";
    SorryServerInPool "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nsorry_server = «10.2.0.11»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "sorry server in the pool of \"a\"",
        "a server that is not one of the real servers", "";
    Doubtful "primary = «127.0.0.1»\n",
        "doubtful: \"primary\" is a loopback address",
        "an address of the router's interface", "";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80\nserver b {\naddress = «10.1.0.80»\nactive = 1\n}\n}\n",
        "doubtful: the real server's address is the virtual IP address",
        "the real server's own address", "";
    Doubtful "primary = 10.1.0.1\nrsh_command = «foo»\n",
        "doubtful: \"foo\" is treated as a program",
        "one of rsh, ssh, or a path", "";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80\nload_monitor = «off»\n}\n",
        "doubtful: \"off\" is treated as a program",
        "one of uptime, ruptime, rup, none, or a path", "";
    Doubtful "primary = 10.1.0.1\nvirtual «server» {\naddress = 10.1.0.80\n}\n",
        "doubtful: virtual server named \"server\"",
        "`virtual server NAME {`, or another name", "";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80\nsend_program = «#/bin/x»\n}\n",
        "doubtful: \"#/bin/x\" is a value, not a comment",
        "", "put a space between value and comment; quote values that contain `#`";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80 «eth0:1#no»\n}\n",
        "doubtful: \"eth0:1#no\" is a value, not a comment",
        "", "put a space between value and comment; quote values that contain `#`";
    Doubtful "primary = 10.1.0.1\nkeepalive = «010»\ndeadtime = 20\n",
        "doubtful: \"010\" is octal: 8",
        "", "a leading 0 means octal";
    Doubtful "primary = 10.1.0.1\nheartbeat_port = «0120»\n",
        "doubtful: \"0120\" is octal: 80",
        "", "a leading 0 means octal";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = «0.0.0.0» eth0:1\nserver b {\naddress = 2001:db8::1\n}\n}\n",
        "doubtful: \"0.0.0.0\" is a placeholder, not an address",
        "", "set an address before `active = 1`";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80\nprotocol = «udp»\nserver b {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "doubtful: UDP health check without data to send; few services reply to that",
        "`send = STRING` or `send_program = COMMAND` in this block",
        "a real server that does not reply gets no traffic";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80\nprotocol = udp\nsend = «\"\"»\nserver b {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "doubtful: UDP health check without data to send; few services reply to that",
        "`send = STRING` or `send_program = COMMAND` in this block",
        "a real server that does not reply gets no traffic";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual «a» {\naddress = 10.1.0.80\nserver b {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "doubtful: \"a\" has no `active`, so it does not run",
        "`active = 1` or `active = 0` in this block", "";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80\nserver b {\naddress = 10.2.0.11\nactive = 1\n}\nserver «c» {\naddress = 10.2.0.12\n}\n}\n",
        "doubtful: \"c\" has no `active`, so it gets no traffic",
        "`active = 1` or `active = 0` in this block", "";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80 «80»\n}\n",
        "doubtful: \"80\" is treated as a device",
        "a device such as `eth0:1`, or the end of the line", "";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80 «255.255.255.0»\n}\n",
        "doubtful: \"255.255.255.0\" is treated as a device",
        "a device such as `eth0:1`, or the end of the line",
        "netmasks belong in `vip_nmask` and `nat_nmask`";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = «10.1.0.255»\nvip_nmask = 255.255.255.0\n}\n",
        "doubtful: 10.1.0.255/24 is the broadcast address",
        "a host address", "";
    Doubtful "primary = 10.1.0.1\nnat_router = «10.2.0.4 eth1:1»\nnat_nmask = 255.255.255.252\n",
        "doubtful: 10.2.0.4/30 is the network address",
        "a host address", "";
    NoActiveServer "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80\nserver b {\naddress = 10.2.0.11\nactive = 1\nweight = «0»\n}\nserver c {\naddress = 10.2.0.12\nactive = 1\nweight = 0\n}\nserver d {\naddress = 10.2.0.13\nactive = 0\nweight = 1\n}\n}\n",
        "no active server in \"a\" with a weight above 0",
        "`weight = 1` or more in at least one `server` block", "";
    Doubtful "primary = 10.1.0.1\nbackup = 10.1.0.2\nprimary_private = 10.2.0.1\nbackup_private = «10.1.0.2»\n",
        "doubtful: \"backup_private\" is the same as \"backup\": only one heartbeat link",
        "the router's address on another link, or no such directive", "";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80\nsend_program = «\"/bin/check %s\"»\nserver b {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "doubtful: \"send_program\" does not name the real server to check",
        "`%h` in the command for the real server's address", "";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80\nexpect = «\"HTTP/1.. (200|302)\"»\n}\n",
        "doubtful: \"HTTP/1.. (200|302)\" is matched as plain text",
        "`use_regex = 1` for a regular expression, or `use_regex = 0`", "";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80\nexpect = «“HTTP”»\n}\n",
        "doubtful: `“` is part of the value \"“HTTP”\"",
        "quotes around the value, `\"` or `'`", "";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80\nexpect = «HTTP\"»\n}\n",
        "doubtful: `\"` is part of the value \"HTTP\"\"",
        "quotes around the value, `\"` or `'`", "";
    Doubtful "primary = 10.1.0.1\nvirtual a {\naddress = 10.1.0.80\nexpect = «\u{a0}HTTP»\n}\n",
        "doubtful: U+00A0 is part of the value \"\\u{a0}HTTP\"",
        "quotes around the value, `\"` or `'`", "";
    DeadtimeTooShort "primary = 10.1.0.1\nkeepalive = «2147483647»",
        "deadtime is not more than keepalive; 2147483647s is used",
        "a deadtime of several keepalives", "";
    Doubtful "primary = 10.1.0.1\nrsh_command = «shh»\n",
        "doubtful: \"shh\" is treated as a program",
        "", "did you mean `ssh`?";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nload_monitor = «uptme»\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "doubtful: \"uptme\" is treated as a program",
        "", "did you mean `uptime`?";
    Doubtful "primary = 10.1.0.1\nnetwork = direct\nvirtual a {\nactive = 1\naddress = 10.1.0.80 eth0:1\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\nvirtual b {\nactive = 1\naddress = «10.1.0.80 eth0:2»\nport = 81\nserver one {\naddress = 10.2.0.11\nactive = 1\n}\n}\n",
        "doubtful: same virtual IP address with a different device or netmask",
        "", "";
};
