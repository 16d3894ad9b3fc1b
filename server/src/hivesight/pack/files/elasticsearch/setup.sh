#!/bin/bash
# Makes Elasticsearch what the others expect: users, lifecycle, ingest pipeline, index template. It may run again at any
# time, and takes in what changed in the files beside it. Then it stays: Jaeger makes an index a day, and each gets its
# lifecycle, and a copy where there is a second node, within the hour; Kibana gets its data view and searches once it answers.
set -euo pipefail
here=$(dirname "$0")
elasticsearch=http://elasticsearch:9200
kibana=http://kibana:5601

secret() { cat "/run/secrets/$1"; }

# The password goes by a file descriptor: it stands in no list of processes.
call() {
    local method=$1 url=$2
    shift 2
    curl -sS --fail-with-body -o /dev/null --max-time 30 -X "$method" "$url" "$@" \
        -K <(printf 'user = "elastic:%s"\n' "$(secret elastic_password)")
}

put() { call PUT "$elasticsearch/$1" -H 'Content-Type: application/json' --data-binary "@$2"; }

user() {
    put "_security/user/$1" <(printf '{"password":"%s","roles":["%s"]}' "$(secret "$2")" "$1")
}

call POST "$elasticsearch/_security/user/kibana_system/_password" -H 'Content-Type: application/json' \
    --data-binary @<(printf '{"password":"%s"}' "$(secret kibana_password)")
for role in hive_writer hive_reader; do
    put "_security/role/$role" "$here/roles/$role.json"
done
user hive_writer elastic_writer_password
user hive_reader elastic_reader_password
put _ilm/policy/agent_hive_logs "$here/ilm/logs.json"
put _ilm/policy/agent_hive_traces "$here/ilm/traces.json"
put _ingest/pipeline/agent_hive_logs "$here/pipelines/logs.json"
put _index_template/agent_hive_logs "$here/index_templates/logs.json"
touch /tmp/done
echo "Elasticsearch is set up."

while true; do
    call PUT "$elasticsearch/jaeger-*/_settings?allow_no_indices=true" -H 'Content-Type: application/json' \
        --data-binary '{"index.lifecycle.name":"agent_hive_traces","index.auto_expand_replicas":"0-1"}' || echo "no lifecycle for traces this time"
    if [ ! -e /tmp/kibana-done ]; then
        if call POST "$kibana/api/saved_objects/_import?overwrite=false" -H 'kbn-xsrf: setup' \
            -F "file=@$here/kibana.ndjson"; then
            touch /tmp/kibana-done
        else
            sleep 60
            continue
        fi
    fi
    sleep 3600
done
