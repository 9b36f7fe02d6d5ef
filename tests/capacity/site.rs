//! Small scenarios: services, and who asks for a page there.

/// Visitors who come to a service for a page of one endpoint, and what is promised to them.
pub(crate) struct Asking<'a> {
    /// The service that they call.
    pub(crate) enters: &'a str,
    /// The endpoint that answers, such as `app.page`.
    pub(crate) page: &'a str,
    /// How many come a second.
    pub(crate) per_s: u32,
    /// As an objective has it.
    pub(crate) require: &'a str,
}

impl Asking<'_> {
    /// Twenty seconds of such visitors at a site.
    pub(crate) fn at(&self, site: &str) -> String {
        let Asking { enters, page, per_s, require } = self;
        format!(
            r#"
[scenario]
duration = "20s"
warm_up  = "2s"
[request.page]
to = "{page}"
[workload.visitors]
to = "{enters}"
arrivals = {{ poisson = "{per_s}/s" }}
mix = {{ page = 1 }}
[[slo]]
name = "pages are quick"
require = "{require}"
{site}
"#
        )
    }
}
