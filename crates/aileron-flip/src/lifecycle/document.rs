//! The lifecycle configuration of a bucket: rules of others and ours.
//!
//! S3 has no request that changes one rule: all of them are read and written. So the text of every other rule is kept as it came.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::ExpiryRule;

/// The namespace of S3's documents.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The rules of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lifecycle {
    rules: Vec<Rule>,
}

/// A rule of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub id: String,
    /// The beginning of the keys that it is for; `None` when it has other conditions too, such as tags or sizes.
    pub prefix: Option<String>,
    /// Whether it is in force.
    pub enabled: bool,
    /// The days after which objects expire, if they do.
    pub days: Option<u32>,
    with_filter: bool,
    xml: String,
}

/// A document that is no lifecycle configuration.
#[derive(Debug, thiserror::Error)]
#[error("the lifecycle configuration of the bucket cannot be read: {0}")]
pub struct LifecycleError(String);

impl Lifecycle {
    /// Reads the answer to `GetBucketLifecycleConfiguration`.
    ///
    /// # Errors
    ///
    /// When it is no such document.
    pub fn parse(xml: &str) -> Result<Self, LifecycleError> {
        let problem = |problem: String| LifecycleError(problem);
        let mut rules = Vec::new();
        for range in rule_ranges(xml).map_err(problem)? {
            rules.push(Rule::parse(&xml[range]).map_err(problem)?);
        }
        Ok(Self { rules })
    }

    /// All rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule that lets all objects below a prefix expire, if there is one: that with the fewest days.
    #[must_use]
    pub fn expiry_of(&self, prefix: &str) -> Option<&Rule> {
        let covers = |rule: &&Rule| {
            let covered = rule
                .prefix
                .as_deref()
                .is_some_and(|other| prefix.starts_with(other));
            rule.enabled && rule.days.is_some() && covered
        };
        self.rules
            .iter()
            .filter(covers)
            .min_by_key(|rule| rule.days)
    }

    /// The same rules with this one among them, in place of an earlier one of its name.
    #[must_use]
    pub fn with(&self, rule: &ExpiryRule) -> Self {
        let with_filter = self.rules.iter().all(|rule| rule.with_filter);
        let id = rule.id();
        let ours = Rule {
            prefix: Some(rule.prefix.clone()),
            enabled: true,
            days: Some(rule.days),
            with_filter,
            xml: rule.xml(with_filter),
            id: id.clone(),
        };
        let mut rules = self.rules.clone();
        match rules.iter_mut().find(|rule| rule.id == id) {
            Some(earlier) => *earlier = ours,
            None => rules.push(ours),
        }
        Self { rules }
    }

    /// The body of a `PutBucketLifecycleConfiguration`.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let rules: String = self.rules.iter().map(|rule| rule.xml.as_str()).collect();
        format!("<LifecycleConfiguration xmlns=\"{NAMESPACE}\">{rules}</LifecycleConfiguration>")
    }

    /// Whether it says the same, whatever the spaces.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        let plain = |lifecycle: &Self| {
            let mut rules: Vec<Rule> = lifecycle.rules.clone();
            rules.iter_mut().for_each(|rule| rule.xml.clear());
            rules.sort_by(|one, other| one.id.cmp(&other.id));
            rules
        };
        plain(self) == plain(other)
    }
}

/// Where the rules stand in the document.
fn rule_ranges(xml: &str) -> Result<Vec<Range<usize>>, String> {
    let mut reader = Reader::from_str(xml);
    let (mut depth, mut start, mut ranges) = (0_usize, 0, Vec::new());
    let mut is_lifecycle = false;
    loop {
        let before = position(&reader);
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(element) => {
                let name = element.local_name();
                match (depth, name.as_ref()) {
                    (0, b"LifecycleConfiguration") => is_lifecycle = true,
                    (1, b"Rule") => start = before,
                    (0 | 1, other) => {
                        let other = String::from_utf8_lossy(other);
                        return Err(format!("there is an element <{other}> that is not known"));
                    }
                    _ => {}
                }
                depth += 1;
            }
            Event::End(_) => {
                depth = depth
                    .checked_sub(1)
                    .ok_or("an element ends that did not begin")?;
                if depth == 1 {
                    ranges.push(start..position(&reader));
                }
            }
            Event::Empty(element) => match (depth, element.local_name().as_ref()) {
                (0, b"LifecycleConfiguration") => is_lifecycle = true,
                (0 | 1, _) => return Err("a rule is empty".to_owned()),
                _ => {}
            },
            Event::Eof if depth > 0 => return Err("it ends early".to_owned()),
            Event::Eof if !is_lifecycle => {
                return Err("it is no <LifecycleConfiguration>".to_owned());
            }
            Event::Eof => return Ok(ranges),
            _ => {}
        }
    }
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

impl Rule {
    fn parse(xml: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(xml);
        let mut rule = Self {
            xml: xml.to_owned(),
            ..Self::default()
        };
        let (mut path, mut text) = (Vec::<String>::new(), String::new());
        let mut has_other_conditions = false;
        let mut prefix = None;
        loop {
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(element) => {
                    path.push(String::from_utf8_lossy(element.local_name().as_ref()).into_owned());
                    text.clear();
                }
                Event::Empty(element) => {
                    let name = element.local_name();
                    match name.as_ref() {
                        b"Filter" => (rule.with_filter, prefix) = (true, Some(String::new())),
                        b"Prefix" => prefix = Some(String::new()),
                        _ => {}
                    }
                }
                Event::Text(part) => {
                    text.push_str(&part.decode().map_err(|error| error.to_string())?)
                }
                Event::CData(part) => {
                    text.push_str(&part.decode().map_err(|error| error.to_string())?)
                }
                Event::GeneralRef(name) => text.push_str(&resolved(&name)?),
                Event::End(_) => {
                    let at: Vec<&str> = path.iter().map(String::as_str).collect();
                    match at[..] {
                        ["Rule", "ID"] => rule.id = text.trim().to_owned(),
                        ["Rule", "Status"] => rule.enabled = text.trim() == "Enabled",
                        ["Rule", "Expiration", "Days"] => rule.days = text.trim().parse().ok(),
                        ["Rule", "Prefix"] => prefix = Some(text.clone()),
                        ["Rule", "Filter"] => {
                            rule.with_filter = true;
                            prefix.get_or_insert_default();
                        }
                        ["Rule", "Filter", "Prefix"] | ["Rule", "Filter", "And", "Prefix"] => {
                            prefix = Some(text.clone());
                        }
                        ["Rule", "Filter", "And"] => {}
                        ["Rule", "Filter", ..] => has_other_conditions = true,
                        _ => {}
                    }
                    path.pop();
                    text.clear();
                }
                Event::Eof => break,
                _ => {}
            }
        }
        rule.prefix = prefix.filter(|_| !has_other_conditions);
        Ok(rule)
    }
}

/// The character that `&name;` stands for.
fn resolved(name: &quick_xml::events::BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = name.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character.to_string());
    }
    let name = name.decode().map_err(|error| error.to_string())?;
    quick_xml::escape::resolve_predefined_entity(&name)
        .map(str::to_owned)
        .ok_or_else(|| format!("&{name}; is not known"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OTHERS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Rule><ID>logs</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status>
    <Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition></Rule>
  <Rule><ID>tagged &amp; big</ID><Filter><And><Prefix></Prefix><Tag><Key>tmp</Key><Value>1</Value></Tag></And></Filter>
    <Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule>
</LifecycleConfiguration>"#;

    fn rule(prefix: &str, days: u32) -> ExpiryRule {
        ExpiryRule {
            prefix: prefix.to_owned(),
            days,
        }
    }

    #[test]
    fn the_rules_of_others_stay_to_the_letter() {
        let others = Lifecycle::parse(OTHERS).unwrap();
        let merged = others.with(&rule("xcom/", 30)).to_xml();
        for start in ["<Rule><ID>logs</ID>", "<Rule><ID>tagged &amp; big</ID>"] {
            let begin = OTHERS.find(start).unwrap();
            let end = begin + OTHERS[begin..].find("</Rule>").unwrap() + "</Rule>".len();
            assert!(merged.contains(&OTHERS[begin..end]), "{merged}");
        }
        let read = Lifecycle::parse(&merged).unwrap();
        assert_eq!(read.rules().len(), 3);
        assert_eq!(read.expiry_of("xcom/").unwrap().days, Some(30));
        assert!(read.same_as(&others.with(&rule("xcom/", 30))));
        assert!(!read.same_as(&others));
    }

    #[test]
    fn our_rule_is_replaced_and_not_added_again() {
        let first = Lifecycle::default().with(&rule("xcom/", 30));
        let second = first.with(&rule("xcom/", 60)).with(&rule("other/", 5));
        assert_eq!(second.rules().len(), 2);
        assert_eq!(second.expiry_of("xcom/d/").unwrap().days, Some(60));
    }

    #[test]
    fn a_rule_with_other_conditions_does_not_let_everything_expire() {
        let others = Lifecycle::parse(OTHERS).unwrap();
        assert_eq!(others.rules()[1].id, "tagged & big");
        assert_eq!(others.expiry_of("xcom/"), None);
    }

    #[test]
    fn a_bucket_with_old_rules_gets_an_old_rule() {
        let old = "<LifecycleConfiguration><Rule><ID>a</ID><Prefix></Prefix><Status>Enabled</Status>\
                   <Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>";
        let old = Lifecycle::parse(old).unwrap();
        assert_eq!(old.expiry_of("xcom/").unwrap().id, "a");
        assert!(!old.with(&rule("xcom/", 1)).to_xml().contains("Filter"));
    }

    #[test]
    fn what_is_no_lifecycle_configuration_is_refused() {
        for text in [
            "",
            "<Error><Code>x</Code></Error>",
            "<LifecycleConfiguration><Rule>",
            "no xml",
        ] {
            assert!(Lifecycle::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            Lifecycle::parse("<LifecycleConfiguration/>").unwrap(),
            Lifecycle::default()
        );
    }

    proptest! {
        #[test]
        fn any_prefix_survives(prefix in "[ -~éü]{0,40}", days in 1_u32..5000) {
            let rule = rule(&prefix, days);
            let read = Lifecycle::parse(&Lifecycle::default().with(&rule).to_xml()).unwrap();
            prop_assert_eq!(read.rules()[0].prefix.as_deref(), Some(prefix.as_str()));
            prop_assert_eq!(read.rules()[0].days, Some(days));
        }

        #[test]
        fn any_text_is_a_configuration_or_an_error(text in "(<Rule>|</Rule>|<LifecycleConfiguration>|</LifecycleConfiguration>|<ID/>|&[a-z#0-9]{1,4};|[<>/a-zé\" ]){0,30}") {
            if let Ok(read) = Lifecycle::parse(&text) {
                let _ = read.with(&rule("x/", 1)).to_xml();
            }
        }
    }
}
