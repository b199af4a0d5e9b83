//! Assets: the data that tasks read and write, under the names and URIs that Airflow knows them by.

use std::borrow::Cow;
use std::fmt;

use aileron_uri::percent::{Parts, parse_query, query};
use aileron_wire::message::AssetProfile;

type Text = Cow<'static, str>;

/// An Airflow asset: a piece of data with a name and a URI.
///
/// Declare it once and share it:
///
/// ```
/// use aileron::prelude::*;
/// use aileron::Asset;
///
/// const ORDERS: Asset = Asset::new("orders", "s3://shop/orders");
///
/// /// Writes the orders of the day; whatever is scheduled on them runs next.
/// #[task(outlets = [ORDERS])]
/// async fn load(cx: &Context) -> Result<()> {
///     cx.outlet_events().of(&ORDERS)?.extra("rows", &3)?;
///     Ok(())
/// }
///
/// #[task(inlets = [ORDERS])]
/// async fn report(cx: &Context) -> Result<Option<String>> {
///     let latest = cx.inlet_events().of(&ORDERS)?.latest().await?;
///     Ok(latest.and_then(|event| event.source_run_id))
/// }
/// ```
///
/// The URI is brought into the form in which Airflow stores it: scheme in lower case, no password, no fragment, no slash at the end, the
/// query sorted. What a provider adds to that for its own scheme (the default port of `postgres://`) is not: write such URIs in full.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asset {
    name: Text,
    uri: Text,
}

/// One asset: the asset itself, or a reference to it by its name or its URI alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AssetRef {
    /// The asset.
    Asset(Asset),
    /// The asset of that name.
    Name(Text),
    /// The asset of that URI.
    Uri(Text),
}

/// A name that tasks give to assets that are only known when they run.
///
/// A task with the alias among its outlets decides at run time for which assets it makes events
/// ([`AliasEvents::add`](crate::AliasEvents::add)).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AssetAlias {
    name: Text,
}

/// What can be an inlet or an outlet of a task.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AssetOrAlias {
    /// One asset.
    Asset(AssetRef),
    /// An alias.
    Alias(AssetAlias),
}

impl Asset {
    /// An asset with a name and a URI.
    pub const fn new(name: &'static str, uri: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            uri: Cow::Borrowed(uri),
        }
    }

    /// An asset whose name is its URI.
    pub const fn from_uri(uri: &'static str) -> Self {
        Self::new(uri, uri)
    }

    /// An asset whose URI is its name.
    pub const fn from_name(name: &'static str) -> Self {
        Self::new(name, name)
    }

    /// An asset whose name and URI are only known at run time.
    pub fn owned(name: impl Into<String>, uri: impl Into<String>) -> Self {
        Self {
            name: Cow::Owned(name.into()),
            uri: Cow::Owned(uri.into()),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URI as it was written.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The URI as Airflow stores it.
    fn normalized(self) -> Self {
        Self {
            uri: normalize(self.uri),
            name: self.name,
        }
    }
}

impl AssetRef {
    /// A reference by name.
    pub const fn name(name: &'static str) -> Self {
        Self::Name(Cow::Borrowed(name))
    }

    /// A reference by URI.
    pub const fn uri(uri: &'static str) -> Self {
        Self::Uri(Cow::Borrowed(uri))
    }

    /// Whether both may name the same asset, as far as one can tell without asking Airflow.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Asset(a), Self::Asset(b)) => a == b,
            (Self::Asset(asset), Self::Name(name)) | (Self::Name(name), Self::Asset(asset)) => {
                asset.name == *name
            }
            (Self::Asset(asset), Self::Uri(uri)) | (Self::Uri(uri), Self::Asset(asset)) => {
                asset.uri == *uri
            }
            (a, b) => a == b,
        }
    }
}

impl AssetAlias {
    /// An alias.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
        }
    }

    /// An alias whose name is only known at run time.
    pub fn owned(name: impl Into<String>) -> Self {
        Self {
            name: Cow::Owned(name.into()),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl AssetOrAlias {
    /// What it is called on the wire (3.3.2, `task_runner.py`, `_build_asset_profiles`).
    pub(crate) fn profile(&self) -> AssetProfile {
        let (kind, name, uri) = match self {
            Self::Asset(AssetRef::Asset(asset)) => ("Asset", Some(&asset.name), Some(&asset.uri)),
            Self::Asset(AssetRef::Name(name)) => ("AssetNameRef", Some(name), None),
            Self::Asset(AssetRef::Uri(uri)) => ("AssetUriRef", None, Some(uri)),
            Self::Alias(alias) => ("AssetAlias", Some(&alias.name), None),
        };
        let mut profile = AssetProfile::new(kind);
        profile.name = name.map(|text| text.to_string());
        profile.uri = uri.map(|text| text.to_string());
        profile
    }

    /// Airflow's rules for names and URIs (3.3.2, `airflow/sdk/definitions/asset`), or what is wrong.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let (name, uri) = match self {
            Self::Asset(AssetRef::Asset(asset)) => (Some(&asset.name), Some(&asset.uri)),
            Self::Asset(AssetRef::Name(name)) => (Some(name), None),
            Self::Asset(AssetRef::Uri(uri)) => (None, Some(uri)),
            Self::Alias(alias) => (Some(&alias.name), None),
        };
        for text in [name, uri].into_iter().flatten() {
            if text.trim().is_empty() {
                return Err("a name or URI is empty");
            }
            if text.chars().count() > 1_500 {
                return Err("a name or URI has more than 1,500 characters");
            }
        }
        if name.is_some_and(|name| matches!(&**name, "self" | "context")) {
            return Err("`self` and `context` are not names for an asset");
        }
        if uri.is_some_and(|uri| uri.to_lowercase().starts_with("airflow:")) {
            return Err("the URI scheme `airflow` is reserved");
        }
        Ok(())
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "asset `{}`", self.name)?;
        if self.name != self.uri {
            write!(f, " ({})", self.uri)?;
        }
        Ok(())
    }
}

impl fmt::Display for AssetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asset(asset) => asset.fmt(f),
            Self::Name(name) => write!(f, "the asset of name `{name}`"),
            Self::Uri(uri) => write!(f, "the asset of URI `{uri}`"),
        }
    }
}

impl fmt::Display for AssetAlias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "asset alias `{}`", self.name)
    }
}

impl fmt::Display for AssetOrAlias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asset(asset) => asset.fmt(f),
            Self::Alias(alias) => alias.fmt(f),
        }
    }
}

impl From<Asset> for AssetRef {
    fn from(asset: Asset) -> Self {
        Self::Asset(asset.normalized())
    }
}

impl From<&Asset> for AssetRef {
    fn from(asset: &Asset) -> Self {
        asset.clone().into()
    }
}

impl From<&AssetRef> for AssetRef {
    fn from(asset: &AssetRef) -> Self {
        asset.clone()
    }
}

impl From<AssetRef> for AssetOrAlias {
    fn from(asset: AssetRef) -> Self {
        Self::Asset(match asset {
            AssetRef::Asset(asset) => asset.into(),
            other => other,
        })
    }
}

impl From<Asset> for AssetOrAlias {
    fn from(asset: Asset) -> Self {
        Self::Asset(asset.into())
    }
}

impl From<AssetAlias> for AssetOrAlias {
    fn from(alias: AssetAlias) -> Self {
        Self::Alias(alias)
    }
}

macro_rules! from_borrowed {
    ($($from:ty),+) => {
        $(impl From<&$from> for AssetOrAlias {
            fn from(value: &$from) -> Self {
                value.clone().into()
            }
        })+
    };
}

from_borrowed!(Asset, AssetRef, AssetAlias);

/// Airflow's form of an asset URI (3.3.2, `airflow/sdk/definitions/asset`, `_sanitize_uri`, without the providers' part).
fn normalize(uri: Text) -> Text {
    let parts = Parts::split(&uri);
    let scheme = parts.scheme.to_lowercase();
    if scheme.is_empty() || scheme.starts_with("x-") {
        return uri;
    }
    let mut text = format!("{scheme}:");
    if let Some(authority) = parts.authority {
        let place = match authority.rsplit_once('@') {
            Some((user, place)) if user.contains(':') => place,
            _ => authority,
        };
        text.push_str("//");
        text.push_str(place);
    } else if scheme == "file" {
        text.push_str("//");
    }
    let path = parts.path.trim_end_matches('/');
    text.push_str(if path.is_empty() { "/" } else { path });
    let mut pairs = parse_query(parts.query, false);
    pairs.sort();
    if !pairs.is_empty() {
        let pairs = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        text.push('?');
        text.push_str(&query(pairs));
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_brought_into_airflows_form() {
        // Each as `Asset(uri=..).uri` gives it on Airflow 3.3.2 without providers.
        for (written, stored) in [
            ("s3://bucket/key", "s3://bucket/key"),
            ("S3://Bucket/key//", "s3://Bucket/key"),
            ("s3://bucket", "s3://bucket/"),
            (
                "db://me:secret@host/t?b=2&a=1&c=#part",
                "db://host/t?a=1&b=2",
            ),
            ("db://me@host/t", "db://me@host/t"),
            ("file:///tmp/x/", "file:///tmp/x"),
            ("X-Mine://a:b@c/?z#y", "X-Mine://a:b@c/?z#y"),
            ("plain name", "plain name"),
            ("//host/path/", "//host/path/"),
        ] {
            let asset = Asset::owned("a", written).normalized();
            assert_eq!(asset.uri(), stored, "{written}");
        }
    }

    #[test]
    fn an_asset_is_known_by_its_name_and_by_its_uri() {
        let asset = AssetRef::from(Asset::new("orders", "S3://shop/orders"));
        assert!(asset.matches(&AssetRef::from(Asset::new("orders", "s3://shop/orders/"))));
        assert!(asset.matches(&AssetRef::name("orders")));
        assert!(AssetRef::uri("s3://shop/orders").matches(&asset));
        assert!(!asset.matches(&AssetRef::name("s3://shop/orders")));
        assert!(!asset.matches(&AssetRef::from(Asset::new("orders", "s3://other"))));
    }

    #[test]
    fn names_that_airflow_refuses_are_refused() {
        let check = |asset: AssetOrAlias| asset.check();
        assert_eq!(check(Asset::new("orders", "s3://x").into()), Ok(()));
        assert!(check(Asset::new(" ", "s3://x").into()).is_err());
        assert!(check(Asset::new("self", "s3://x").into()).is_err());
        assert!(check(Asset::from_uri("airflow://x").into()).is_err());
        assert!(check(Asset::owned("a", "x".repeat(1_501)).into()).is_err());
        assert!(check(AssetAlias::new("").into()).is_err());
    }
}
