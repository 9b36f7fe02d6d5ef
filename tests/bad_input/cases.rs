//! One spoilt line each.

/// What is there, what takes its place, and what is to be said of it.
pub(crate) const CASES: &[(&str, &str, &str)] = &[
    // Keys.
    ("workers = 2", "wrokers = 2", "unknown key `wrokers` (did you mean `workers`?)"),
    ("duration = \"1min\"", "", "1: `[scenario]` has no `duration`"),
    ("[zone.b]", "[zone.b]\nfoo = 1", "6: unknown key `foo`"),
    ("[zone.a]", "[scenari.x]\n[zone.a]", "unknown key `scenari` (did you mean `scenario`?)"),
    ("kind = \"app\"", "kind = \"ap\"", "no kind `ap` (did you mean `app`?)"),
    // Words of the products that stand elsewhere here, or are written otherwise.
    (
        "servers = \"web\"",
        "servers = \"web\"\nretries = 3",
        "`retries` does not stand here (for all backends",
    ),
    (
        "servers = \"web\"",
        "servers = \"web\"\noption = \"redispatch\"",
        "`option` does not stand here",
    ),
    (
        "servers = \"web\"",
        "servers = \"web\"\ncheck = true",
        "here it is true or false (`check = {}` is one",
    ),
    (
        "servers = \"app\"",
        "servers = \"app\"\nleast_conn = true",
        "(write `balance = \"least_conn\"`)",
    ),
    (
        "servers = \"app\"",
        "servers = \"app\"\nproxy_next_upstream = \"error timeout\"",
        "several conditions in one text (a list of them: [\"error\", \"timeout\"])",
    ),
    // Units.
    ("\"1min\"", "60", "2: `60` has no unit (a span is written as \"250ms\")"),
    ("\"1min\"", "\"60\"", "`60` has no unit (units of time: ns us"),
    ("\"1min\"", "\"1 minute\"", "unknown unit `minute`"),
    ("\"1min\"", "\"-1min\"", "`-1min` is negative"),
    ("\"1min\"", "\"3000d\"", "`3000d` is too long"),
    ("\"1min\"", "0", "a `duration` of no time"),
    ("connect = \"5s\"", "connect = \"5x\"", "unknown unit `x`"),
    ("\"2GiB\"", "\"2G\"", "unknown unit `G` (did you mean `GB`?"),
    ("\"10/s\"", "\"-10/s\"", "`-10/s` is negative"),
    ("\"10/s\"", "\"10\"", "`10` is not a rate"),
    ("\"10/s\"", "10", "`10` has no unit (a rate is written as \"1200/s\")"),
    ("\"10/s\"", "\"10e9/s\"", "`10e9/s` is not a rate"),
    ("\"10/s\"", "\"99999999999/s\"", "a rate of `99999999999/s` is absurd"),
    (
        "crash = \"web.2\"",
        "spike = { workload = \"visitors\", extra = \"x3\", hold = \"1s\" }\n",
        "`for` undoes",
    ),
    ("at = \"20s\"", "at = 30", "`30` has no unit"),
    ("for = \"10s\"", "for = 10", "`10` has no unit"),
    ("\"5s\"\n[zone.a]", "\"automatic\"\n[zone.a]", "3: "),
    // Names.
    ("servers = \"web\"", "servers = \"wbe\"", "no service `wbe` (did you mean `web`?)"),
    ("\"db.read\"", "\"db.raed\"", "no endpoint `db.raed` (did you mean `read`?)"),
    ("\"db.read\"", "\"read\"", "`read` is not an endpoint"),
    ("to = \"app.page\"", "to = \"shop.page\"", "no service `shop`"),
    // Whoever names the request is not blamed.
    ("to = \"app.page\"", "to = \"app\"", "`app` is not an endpoint"),
    ("to = \"app.page\"", "", "request `page` has no `to`"),
    (
        "to = \"lb\"",
        "to = \"nowhere\"",
        "no service `nowhere` (services here: lb, web, app, db, leaf)",
    ),
    ("mix = { page = 1, image = 3 }", "mix = { pag = 1, image = 3 }", "no request `pag`"),
    (
        "for = \"10s\"\ncrash = \"web.2\"",
        "spike = { workload = \"others\", extra = \"x3\", hold = \"1s\" }\n[workload.others]\n\
         mix = { page = 1 }\narrivals = { poison = \"1/s\" }\n",
        "`arrivals` come in exactly one way",
    ),
    ("zones = [\"a\", \"b\"]", "zones = [\"a\", \"c\"]", "no zone `c`"),
    ("where = { request = \"page\" }", "where = { request = \"home\" }", "no request `home`"),
    ("where = { request = \"page\" }", "where = { service = \"home\" }", "no service `home`"),
    ("where = { request = \"page\" }", "where = { workload = \"home\" }", "no workload `home`"),
    ("\"web.2\"", "\"web.3\"", "no instance `web.3` (instances of `web` are numbered from 1 to 2)"),
    ("\"web.2\"", "\"web\"", "`web` is not an instance"),
    ("crash = \"web.2\"", "lose = \"rack\"", "no host `rack`"),
    ("instance.1 =", "instance.2 =", "no instance `2`"),
    ("[zone.b]", "[zone.b]\n[zone.\"../c\"]", "`../c` cannot be the name of a zone"),
    ("[zone.b]", "[zone.b]\n[zone.\"\\u001b[2J\"]", "cannot be the name of a zone"),
    // Ways and circles.
    ("servers = \"app\"", "servers = \"leaf\"", "no way from `visitors` to `app`"),
    (
        "steps = [ { cpu = { exponential = \"10ms\" } } ]",
        "steps = [ { call = \"leaf.x\" } ]",
        "endpoints that call each other in a circle (leaf.x calls leaf.x)",
    ),
    (
        "steps = [ { cpu = { exponential = \"10ms\" } } ]",
        "steps = [ { call = \"app.page\" } ]\n[service.app.endpoint.back]\nsteps = [ { call = \"leaf.x\" }, { call = \"app.back\" } ]",
        "in a circle (app.back calls app.back)",
    ),
    // Nothing where something is needed.
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\ninstances = 0",
        "`instances` must be at least 1, it is 0",
    ),
    ("instances = 2", "instances = 2000000", "`instances` must be at most 1000000"),
    ("cores = 2\nmemory", "cores = 0\nmemory", "`cores` must be at least 1"),
    ("workers = 2", "workers = 0", "`workers` must be at least 1"),
    ("workers = 1", "workers = 0", "`workers` of 0 serve nobody"),
    (
        "disk = { read = \"100us\" }",
        "disk = { read = \"100us\", parallel = 0 }",
        "`parallel` must be at least 1",
    ),
    (
        "cores = 2\n[service.lb]",
        "cores = 2\nnic = \"0bit/s\"\n[service.lb]",
        "`0bit/s` is no line rate",
    ),
    ("mix = { page = 1, image = 3 }", "mix = {}", "an empty mix"),
    (
        "mix = { page = 1, image = 3 }",
        "mix = { page = 0 }",
        "the weights of the mix sum to nothing",
    ),
    ("speed = 0.8 }", "weight = 0 }", "all servers of `app` have weight 0"),
    ("[link.a-b]\nlatency = \"1ms\"", "", "no link between the zones `a` and `b`"),
    ("[link.a-b]", "[link.a-c]", "`a-c` does not join two zones"),
    (
        "kind = \"nginx\"\nhardware = \"small\"",
        "kind = \"nginx\"\nhardware = \"bare\"",
        "`static` needs a disk, hardware `bare` has none",
    ),
    (
        "kind = \"mysql\"\nhardware = \"small\"",
        "kind = \"mysql\"\nhardware = \"bare\"",
        "`write` needs a disk, hardware `bare` has none",
    ),
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\nversion = \"5.7\"",
        "mysql before 8.0 is not modelled (yet)",
    ),
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\nsync_binlog = 100",
        "`sync_binlog` beyond 1 is not modelled (yet)",
    ),
    ("kind = \"mysql\"", "kind = \"mysql\"\nmemory = \"3GiB\"", "services take"),
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\nreplication = \"none\"\ninstances = 3",
        "none of them replicates",
    ),
    // Buffer pools.
    (
        "[service.db.query.read]",
        "[service.db.table.items]\nsize = \"1GiB\"\npopularity = { uniform = true }\n\
         [service.db.query.read]",
        "a table, and no buffer pool to read it through",
    ),
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\ninnodb_buffer_pool_size = \"1GiB\"",
        "a buffer pool without tables",
    ),
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\ninnodb_buffer_pool_size = \"10kB\"",
        "a buffer pool without room for a page of 16 KiB",
    ),
    (
        "[service.db.query.read]",
        "memory = \"1GiB\"\ninnodb_buffer_pool_size = \"3GiB\"\n\
         table.items = { size = \"1GiB\", popularity = { uniform = true } }\n\
         [service.db.query.read]\ntable = \"items\"",
        "a buffer pool of 3GiB in a process that has 1GiB",
    ),
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\ninnodb_buffer_pool_size = \"1GiB\"\n\
         table.items = { size = \"1GiB\", popularity = { uniform = true } }",
        "no query reads table `items`",
    ),
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\ninnodb_buffer_pool_size = \"1GiB\"\n\
         table.items = { size = \"1TiB\", popularity = { uniform = true } }",
        "a table of 67108864 pages",
    ),
    ("[service.db.query.read]", "[service.db.query.read]\npages = 3", "pages of no table"),
    ("[service.db.query.read]", "[service.db.query.read]\ntable = \"x\"", "no table `x`"),
    // Laws.
    ("{ exponential = \"10ms\" }", "{ exponentail = \"10ms\" }", "did you mean `exponential`?"),
    (
        "{ exponential = \"10ms\" }",
        "{ lognormal = { mean = \"1ms\" } }",
        "`lognormal` has two parameters",
    ),
    (
        "{ exponential = \"10ms\" }",
        "{ lognormal = { mean = \"1ms\", p99 = \"100ms\" } }",
        "no such law: ",
    ),
    ("{ exponential = \"10ms\" }", "{ uniform = [\"9ms\", \"1ms\"] }", "no such law: "),
    ("{ exponential = \"10ms\" }", "{ poisson = 3 }", "unknown law `poisson`"),
    (
        "arrivals = { poisson = \"10/s\" }",
        "arrivals = { batches = { rate = \"10/s\", size = { uniform = [0, 0] } } }",
        "batches of nobody: no visitor ever comes",
    ),
    ("{ exponential = \"10ms\" }", "{ erlang = { mean = \"1ms\" } }", "has no `k`"),
    ("size = \"10KiB\"", "size = 10", "`10` has no unit"),
    // What products have and the model has not.
    (
        "kind = \"nginx\"",
        "kind = \"nginx\"\nproxy_cache = \"x\"",
        "setting of nginx that is not modelled (yet): `proxy_cache`",
    ),
    (
        "kind = \"haproxy\"",
        "kind = \"haproxy\"\ncompression = \"gzip\"",
        "setting of haproxy that is not modelled (yet): `compression`",
    ),
    (
        "servers = \"web\"",
        "servers = \"web\"\nstick-table = \"x\"",
        "setting of haproxy that is not modelled (yet): `stick-table`",
    ),
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\ninnodb_lock_wait_timeout = 50",
        "setting of mysql that is not modelled (yet): `innodb_lock",
    ),
    (
        "kind = \"app\"",
        "kind = \"app\"\ntimeout = \"30s\"",
        "setting of app that is not modelled (yet): `timeout`",
    ),
    (
        "servers = \"web\"",
        "servers = \"web\"\nbalance = \"static-rr\"",
        "of haproxy that is not modelled (yet): `static-rr`",
    ),
    (
        "servers = \"app\"",
        "servers = \"app\"\nbalance = \"ip_hash\"",
        "of nginx that is not modelled (yet): `ip_hash`",
    ),
    (
        "servers = \"app\"",
        "servers = \"app\"\nbalance = \"roundrobin\"",
        "did you mean `round_robin`?",
    ),
    (
        "servers = \"app\"",
        "servers = \"app\"\nproxy_next_upstream = [\"http_500\"]",
        "condition of nginx that is not modelled (yet): `http_500`",
    ),
    (
        "kind = \"haproxy\"",
        "kind = \"haproxy\"\noption = [\"httpchk\"]",
        "option of haproxy that is not modelled (yet): `httpchk`",
    ),
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\nreplication = \"semisync\"",
        "not modelled (yet): `semisync`",
    ),
    // Programs.
    ("{ repeat = 3,", "{ repeat = { probability = 1.0 },", "a loop that would hardly ever end"),
    ("{ repeat = 3,", "{ repeat = 0,", "`repeat` goes from 1 to 10000 rounds"),
    ("{ wait = \"1ms\" }", "{ wiat = \"1ms\" }", "a step that does nothing known"),
    (
        "{ wait = \"1ms\" }",
        "{ wait = \"1ms\", cpu = \"1ms\" }",
        "a step that does several things: cpu, wait",
    ),
    ("{ wait = \"1ms\" }", "{ respond = \"1KiB\" }", "`y` may answer more than once"),
    (
        "{ wait = \"1ms\" }",
        "{ repeat = 9999, steps = [ { repeat = 9999, steps = [] }, { wait = 0 } ] }",
        "operations",
    ),
    // Events and objectives.
    ("at = \"20s\"", "at = \"2min\"", "an event after the end"),
    (
        "crash = \"web.2\"",
        "crash = \"web.2\"\nlose = \"host of web.1\"",
        "an event is one thing that happens",
    ),
    (
        "[[slo]]",
        "[[event]]\nat = \"5s\"\nrestart = \"web.1\"\n[[slo]]",
        "nothing is broken here that this could repair (write `crash`, with `for` or before",
    ),
    (
        "[[slo]]",
        "[[event]]\nat = \"5s\"\nrestore = \"host of web.1\"\n[[slo]]",
        "nothing is broken here that this could repair (write `lose`",
    ),
    ("p(99) < 250ms", "p(100) < 250ms", "`p(100)`: a percentile lies between 0 and 100"),
    ("p(99) < 250ms", "p(99) < 250", "`250` has no unit"),
    ("p(99) < 250ms", "p(99) > 250ms", "this is to be *below* its limit"),
    ("p(99) < 250ms", "success < 99%", "this is to be *above* its limit"),
    ("p(99) < 250ms", "median < 250ms", "`median < 250ms` is not a promise"),
    (
        "name = \"quick\"",
        "name = \"quick\"\nwindow = \"20s..10s\"",
        "the window `20s..10s` is empty",
    ),
    ("name = \"quick\"", "name = \"quick\"\nwindow = \"0s..10min\"", "ends after the run"),
    ("name = \"quick\"", "[[slo]]\nname = \"x\"", "slo 1 has no `require`"),
    (
        "workers = 1",
        "[[slo]]\nrequire = \"queue < 3\"\nwhere = { service = \"leaf\" }",
        "nothing can queue for `leaf`: its workers are unlimited (limit its workers (`workers`,",
    ),
    // Twice the same.
    ("[zone.b]", "[zone.b]\n[zone.b]", "duplicate key"),
    (
        "[[slo]]",
        "[[slo]]\nname = \"quick\"\nrequire = \"success > 9%\"\n[[slo]]",
        "two objectives `quick`",
    ),
    // No TOML at all.
    ("cores = 2\nmemory", "cores = 2 2\nmemory", "9: string values must be quoted"),
];
