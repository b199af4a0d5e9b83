//! What the environment says about the export of traces.

use std::env;
use std::time::Duration;

/// The limit of the specification for one batch.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether spans are exported.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Export {
    Off,
    /// The environment asks for something that is not there.
    Unsupported(String),
    On {
        timeout: Duration,
    },
}

pub(super) fn read() -> Export {
    read_from(|name| env::var(name).ok().filter(|value| !value.trim().is_empty()))
}

fn read_from(get: impl Fn(&str) -> Option<String>) -> Export {
    let disabled = get("OTEL_SDK_DISABLED").is_some_and(|v| v.trim().eq_ignore_ascii_case("true"));
    let exporters = get("OTEL_TRACES_EXPORTER");
    let has_endpoint = get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
        .or_else(|| get("OTEL_EXPORTER_OTLP_ENDPOINT"))
        .is_some();
    match exporters.as_deref().map(str::trim) {
        _ if disabled => return Export::Off,
        None if !has_endpoint => return Export::Off,
        Some("none") => return Export::Off,
        // The second is what Python's exporter over HTTP is called.
        None | Some("otlp" | "otlp_proto_http") => {}
        Some(other) => {
            return Export::Unsupported(format!(
                "OTEL_TRACES_EXPORTER is {other:?}; this program exports with \"otlp\" only"
            ));
        }
    }
    for name in [
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
    ] {
        let Some(protocol) = get(name) else { continue };
        if protocol.trim() != "http/protobuf" {
            return Export::Unsupported(format!(
                "{name} is {protocol:?}; this program speaks \"http/protobuf\" only, usually on port 4318 of the collector"
            ));
        }
        break;
    }
    let timeout = get("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT")
        .or_else(|| get("OTEL_EXPORTER_OTLP_TIMEOUT"))
        .and_then(|millis| millis.trim().parse().ok())
        .map_or(DEFAULT_TIMEOUT, Duration::from_millis);
    Export::On { timeout }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Export {
        read_from(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_endpoint_or_the_exporter_turns_the_export_on() {
        let on = |timeout| Export::On {
            timeout: Duration::from_millis(timeout),
        };
        assert_eq!(with(&[]), Export::Off);
        assert_eq!(
            with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c")]),
            on(10_000)
        );
        assert_eq!(with(&[("OTEL_TRACES_EXPORTER", "otlp")]), on(10_000));
        let endpoint = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c");
        assert_eq!(
            with(&[endpoint, ("OTEL_EXPORTER_OTLP_TIMEOUT", "250")]),
            on(250)
        );
        assert_eq!(
            with(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]),
            Export::Off
        );
        assert_eq!(
            with(&[endpoint, ("OTEL_SDK_DISABLED", "True")]),
            Export::Off
        );
    }

    #[test]
    fn what_is_not_there_is_told() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317");
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
            ("OTEL_TRACES_EXPORTER", "console"),
        ] {
            let Export::Unsupported(reason) = with(&[endpoint, (name, value)]) else {
                panic!("{name}={value}")
            };
            assert!(reason.contains(name) && reason.contains(value), "{reason}");
        }
    }
}
