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
    let name = account.host.as_deref().map(account_of_host);
    let given = [
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

/// `AccountName=..;AccountKey=..;BlobEndpoint=..`.
fn connection_string(text: &str) -> Vec<(Key, String)> {
    let parts = text.split(';').filter_map(|part| part.split_once('='));
    let known = |name: &str| {
        Some(match name.trim() {
            "AccountName" => Key::AccountName,
            "AccountKey" => Key::AccessKey,
            "BlobEndpoint" => Key::Endpoint,
            "SharedAccessSignature" => Key::SasKey,
            _ => return None,
        })
    };
    parts
        .filter_map(|(name, value)| Some((known(name)?, value.to_owned())))
        .collect()
}

/// `https://NAME.blob.core.windows.net` or the name alone.
fn account_of_host(host: &str) -> String {
    let host = host.split_once("://").map_or(host, |(_, host)| host);
    host.split(['.', '/']).next().unwrap_or_default().to_owned()
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
    fn a_host_names_the_account() {
        assert_eq!(
            account_of_host("https://acme.blob.core.windows.net"),
            "acme"
        );
        assert_eq!(account_of_host("acme.dfs.core.windows.net"), "acme");
        assert_eq!(account_of_host("acme"), "acme");
    }
}
