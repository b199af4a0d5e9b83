//! `abfs://CONTAINER/PREFIX`, and `abfs://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX`.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::azure::{AzureConfigKey as Key, MicrosoftAzureBuilder};

use super::bucket;
use crate::digest::Tag;
use crate::http::Connector;
use crate::{Account, Location, OpenError, retries};

pub(super) fn open(
    location: &Location,
    account: Option<&Account>,
) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let mut builder = MicrosoftAzureBuilder::from_env()
        .with_http_connector(Connector(Tag::Opaque))
        .with_retry(retries());
    for (key, value) in account.map(settings).unwrap_or_default() {
        builder = builder.with_config(key, value);
    }
    let (container, host) = match bucket(location)?.split_once('@') {
        Some((container, host)) => (container, Some(host)),
        None => (location.bucket(), None),
    };
    if let Some(host) = host {
        builder = builder.with_account(account_of_host(host));
        if let Some(endpoint) = endpoint_of_host(host) {
            builder = builder.with_endpoint(endpoint);
        }
    }
    Ok(Arc::new(builder.with_container_name(container).build()?))
}

/// What a `wasb` or `adls` connection sets.
fn settings(account: &Account) -> Vec<(Key, String)> {
    if let Some(text) = account.extra("connection_string") {
        return connection_string(&text);
    }
    let tenant = account.extra("tenant_id");
    // With a tenant it is the id and the secret of an application, otherwise the name of the account and its key.
    let (user, secret) = match tenant {
        Some(_) => (Key::ClientId, Key::ClientSecret),
        None => (Key::AccountName, Key::AccessKey),
    };
    let host = account.host.as_deref();
    let name = host.map(account_of_host);
    let own_host = account.extra("account_host");
    let endpoint = own_host.as_deref().or(host).and_then(endpoint_of_host);
    let given = [
        (Key::Endpoint, endpoint),
        (Key::AuthorityId, tenant),
        (Key::SasKey, account.extra("sas_token")),
        (secret, account.password.clone()),
        (Key::AccountName, name),
        (user, account.login.clone()),
        (Key::AccountName, account.extra("account_name")),
        (Key::AccessKey, account.extra("account_key")),
    ];
    let given = given.into_iter();
    given
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
}

/// `AccountName=..;AccountKey=..;BlobEndpoint=..`, or with `EndpointSuffix=..` in place of the endpoint. As Azure's own library for Python
/// reads it: names in any case.
fn connection_string(text: &str) -> Vec<(Key, String)> {
    let parts = text.split(';').filter_map(|part| part.split_once('='));
    let parts: Vec<(&str, &str)> = parts.map(|(name, value)| (name.trim(), value)).collect();
    let part = |name: &str| {
        let found = parts.iter().find(|part| part.0.eq_ignore_ascii_case(name));
        found.map(|part| part.1)
    };
    let endpoint = part("BlobEndpoint").map(str::to_owned).or_else(|| {
        let (name, suffix) = (part("AccountName")?, part("EndpointSuffix")?);
        let scheme = part("DefaultEndpointsProtocol").unwrap_or("https");
        Some(format!("{scheme}://{name}.blob.{suffix}"))
    });
    let owned = |name: &str| part(name).map(str::to_owned);
    let given = [
        (Key::AccountName, owned("AccountName")),
        (Key::AccessKey, owned("AccountKey")),
        (Key::SasKey, owned("SharedAccessSignature")),
        (Key::Endpoint, endpoint),
    ];
    let given = given.into_iter();
    given
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
}

/// `https://NAME.blob.core.windows.net` or the name alone.
fn account_of_host(host: &str) -> String {
    let host = host.split_once("://").map_or(host, |(_, host)| host);
    host.split(['.', '/']).next().unwrap_or_default().to_owned()
}

/// Where the account of a host answers; `None` for a name alone and for a host of Azure's public cloud, where the name says it. Like
/// Python's `parse_blob_account_url` (provider `microsoft.azure` 15.2), and for `dfs` hosts of other clouds the `blob` host beside them.
fn endpoint_of_host(host: &str) -> Option<String> {
    let (scheme, rest) = host.split_once("://").unwrap_or(("https", host));
    let rest = rest.trim_end_matches('/');
    let (name, suffix) = rest.split_once('.')?;
    let suffix = match suffix.strip_prefix("dfs.core.") {
        Some(cloud) => format!("blob.core.{cloud}"),
        None => suffix.to_owned(),
    };
    let is_public = suffix == "blob.core.windows.net" && scheme == "https";
    (!is_public).then(|| format!("{scheme}://{name}.{suffix}"))
}

#[cfg(test)]
mod tests {
    use aileron_uri::ConnectionFields;

    use super::*;

    #[test]
    fn a_connection_string_wins() {
        let account = Account::new(ConnectionFields {
            login: Some("other".to_owned()),
            extra: Some(
                r#"{"connection_string": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=k=="}"#
                    .to_owned(),
            ),
            ..ConnectionFields::default()
        });
        assert_eq!(
            settings(&account.unwrap()),
            [
                (Key::AccountName, "a".to_owned()),
                (Key::AccessKey, "k==".to_owned())
            ]
        );
    }

    #[test]
    fn a_connection_string_of_another_cloud_leads_there() {
        let of = |text: &str| {
            let found = connection_string(text).into_iter();
            let mut found = found.filter(|(key, _)| *key == Key::Endpoint);
            found.next().map(|(_, value)| value)
        };
        let text = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=k==;EndpointSuffix=core.chinacloudapi.cn";
        let there = "https://a.blob.core.chinacloudapi.cn";
        assert_eq!(of(text).as_deref(), Some(there));
        assert_eq!(
            of(&text.replace("Suffix", "SUFFIX")).as_deref(),
            Some(there)
        );
        let own = format!("{text};BlobEndpoint=http://127.0.0.1:10000/a");
        assert_eq!(of(&own).as_deref(), Some("http://127.0.0.1:10000/a"));
        assert_eq!(of("AccountName=a;AccountKey=k=="), None);
    }

    #[test]
    fn a_host_of_another_cloud_leads_there() {
        for (host, endpoint) in [
            ("acme", None),
            ("https://acme.blob.core.windows.net/", None),
            ("acme.dfs.core.windows.net", None),
            (
                "acme.dfs.core.chinacloudapi.cn",
                Some("https://acme.blob.core.chinacloudapi.cn"),
            ),
            (
                "https://acme.blob.core.usgovcloudapi.net/",
                Some("https://acme.blob.core.usgovcloudapi.net"),
            ),
            (
                "acme.z1.blob.storage.azure.net",
                Some("https://acme.z1.blob.storage.azure.net"),
            ),
            (
                "http://127.0.0.1:10000/acme",
                Some("http://127.0.0.1:10000/acme"),
            ),
        ] {
            assert_eq!(endpoint_of_host(host).as_deref(), endpoint, "{host}");
        }
        let account = Account::new(ConnectionFields {
            host: Some("acme".to_owned()),
            extra: Some(r#"{"account_host": "acme.blob.example.com"}"#.to_owned()),
            ..ConnectionFields::default()
        });
        assert_eq!(
            settings(&account.unwrap()),
            [
                (Key::Endpoint, "https://acme.blob.example.com".to_owned()),
                (Key::AccountName, "acme".to_owned())
            ]
        );
    }

    #[test]
    fn a_host_names_the_account() {
        assert_eq!(
            account_of_host("https://acme.blob.core.windows.net"),
            "acme"
        );
        assert_eq!(account_of_host("acme.dfs.core.windows.net"), "acme");
        assert_eq!(account_of_host("acme"), "acme");
    }
}
