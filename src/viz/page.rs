//! What all pages have in common: one HTML file that may load nothing from anywhere, with a heading, a
//! word for readers without scripts, and its data beside the script that goes by them.

/// A page; every text is fit for HTML already.
pub(super) struct Page<'a> {
    /// For the window, and above everything else.
    pub title: &'a str,
    pub heading: &'a str,
    /// A line below the heading, and paragraphs below that.
    pub summary: &'a str,
    pub notices: &'a str,
    /// What there is to see without scripts.
    pub still: &'a str,
    /// What stands between.
    pub main: &'a str,
    pub style: &'a str,
    /// JSON, where the script finds it.
    pub data: (&'a str, &'a str),
    pub script: &'a str,
}

impl Page<'_> {
    pub fn write(&self) -> String {
        let (id, data) = self.data;
        fill(
            include_str!("page.html"),
            &[
                ("title", self.title),
                ("frame", include_str!("page.css")),
                ("style", self.style),
                ("heading", self.heading),
                ("summary", self.summary),
                ("notices", self.notices),
                ("still", self.still),
                ("main", self.main),
                ("id", id),
                ("data", data),
                ("script", self.script),
            ],
        )
    }
}

/// Puts texts where a template has their names in double braces.
pub(super) fn fill(template: &str, texts: &[(&str, &str)]) -> String {
    let mut out =
        String::with_capacity(template.len() + texts.iter().map(|(_, text)| text.len()).sum::<usize>());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        // OK because the templates are ours.
        let (name, after) = after.split_once("}}").expect("a name ends");
        let (_, text) = texts.iter().find(|(known, _)| *known == name).expect("a name is known");
        out.push_str(before);
        out.push_str(text);
        rest = after;
    }
    out + rest
}
