"""How we call others over HTTP: the field's one `http_config` (prometheus/common, `config.HTTPClientConfig`). Enters: a
section of a configuration file; leaves: a client with its TLS, proxy and redirects, the headers with the credentials in
them, and short reasons for what fails. Called by `sources` and `notify`; `alerting` holds its sections."""
