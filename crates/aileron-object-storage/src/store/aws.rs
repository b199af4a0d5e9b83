//! `s3://BUCKET/PREFIX`.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as Key, Checksum};

use super::bucket;
use crate::digest::Tag;
use crate::http::Connector;
use crate::{Account, Location, OpenError, retries};

/// What an `aws` connection can ask for, and nothing here can do.
const UNSUPPORTED: [(&str, &str); 3] = [
    (
        "role_arn",
        "give the pod or machine the role (web identity) and leave the connection out",
    ),
    (
        "profile_name",
        "put the credentials themselves into the connection, or into environment variables",
    ),
    (
        "s3_config_file",
        "put the credentials themselves into the connection",
    ),
];

/// Without a connection the account is found as AWS's own programs find it, but for their files. What is uploaded carries a
/// checksum, which the store verifies.
pub(super) fn open(
    location: &Location,
    account: Option<&Account>,
) -> Result<Arc<dyn ObjectStore>, OpenError> {
    Ok(Arc::new(builder(location, account)?.build()?))
}

pub(super) fn builder(
    location: &Location,
    account: Option<&Account>,
) -> Result<AmazonS3Builder, OpenError> {
    let mut builder = AmazonS3Builder::from_env()
        .with_http_connector(Connector(Tag::Md5))
        .with_retry(retries())
        .with_checksum_algorithm(Checksum::SHA256)
        .with_bucket_name(bucket(location)?);
    for (key, value) in account.map(settings).transpose()?.into_iter().flatten() {
        builder = builder.with_config(key, value);
    }
    let plain = builder
        .get_config_value(&Key::Endpoint)
        .is_some_and(|endpoint| endpoint.starts_with("http://"));
    Ok(builder.with_allow_http(plain))
}

/// What a connection sets (`airflow/providers/amazon/aws/utils/connection_wrapper.py` and `fs/s3.py`, 9.39).
fn settings(account: &Account) -> Result<Vec<(Key, String)>, OpenError> {
    for (field, advice) in UNSUPPORTED {
        if account.extra(field).is_some() {
            return Err(OpenError::connection(format_args!(
                "{field} is not supported here: {advice}"
            )));
        }
    }
    let endpoint = account
        .extra_at(&["service_config", "s3", "endpoint_url"])
        .map(str::to_owned)
        .or_else(|| account.extra("endpoint_url"));
    let either = |extra: &str, field: &Option<String>| account.extra(extra).or(field.clone());
    let given = [
        (
            Key::AccessKeyId,
            either("aws_access_key_id", &account.login),
        ),
        (
            Key::SecretAccessKey,
            either("aws_secret_access_key", &account.password),
        ),
        (Key::Token, account.extra("aws_session_token")),
        (Key::Region, account.extra("region_name")),
        (Key::Endpoint, endpoint),
    ];
    let given = given.into_iter();
    Ok(given
        .filter_map(|(key, value)| Some((key, value?)))
        .collect())
}

#[cfg(test)]
mod tests {
    use aileron_uri::ConnectionFields;

    use super::*;

    fn account(uri: &str) -> Account {
        Account::new(ConnectionFields::from_text(uri).unwrap()).unwrap()
    }

    #[test]
    fn a_connection_says_who_and_where() {
        let account = account(
            "aws://id:secret@/?region_name=eu-west-1&endpoint_url=http%3A%2F%2F127.0.0.1%3A1",
        );
        let text = |key: Key| {
            let found = settings(&account).unwrap().into_iter();
            found.filter(|(k, _)| *k == key).map(|(_, v)| v).next()
        };
        assert_eq!(text(Key::AccessKeyId).as_deref(), Some("id"));
        assert_eq!(text(Key::SecretAccessKey).as_deref(), Some("secret"));
        assert_eq!(text(Key::Region).as_deref(), Some("eu-west-1"));
        assert_eq!(text(Key::Endpoint).as_deref(), Some("http://127.0.0.1:1"));
        assert_eq!(text(Key::Token), None);
    }

    #[test]
    fn a_role_to_assume_is_refused_with_what_to_do() {
        let error = settings(&account("aws:///?role_arn=arn")).unwrap_err();
        assert!(error.to_string().contains("web identity"), "{error}");
    }
}
