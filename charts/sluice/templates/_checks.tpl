{{- /* What the schema cannot say: the release is refused with what to do. */ -}}
{{- define "sluice.checks" -}}
{{- $v := .Values }}
{{- $enabled := or $v.job.enabled $v.nightly.enabled $v.serve.enabled }}
{{- if and $enabled (not $v.image.repository) }}
{{- fail "image.repository is empty. There is no public image: build it from the Dockerfile and name it in your registry." }}
{{- end }}
{{- range $v.env }}
{{- if and (has .name (list "AZURE_STORAGE_KEY" "AZURE_STORAGE_SAS_TOKEN" "AZURE_STORAGE_CONNECTION_STRING" "AZURE_CLIENT_SECRET")) (hasKey . "value") }}
{{- fail (printf "env: %s is a credential, which anyone who may read the release would see. Use valueFrom.secretKeyRef or keys.secret." .name) }}
{{- end }}
{{- if has .name (list "SLUICE_RUN_ID" "JOB_COMPLETION_INDEX") }}
{{- fail (printf "env: %s is set by the chart. Use job.runId to name the run." .name) }}
{{- end }}
{{- end }}
{{- if $v.job.enabled }}{{ include "sluice.jobChecks" . }}{{ end }}
{{- if $v.nightly.enabled }}{{ include "sluice.nightlyChecks" . }}{{ end }}
{{- if $v.serve.enabled }}{{ include "sluice.serveChecks" . }}{{ end }}
{{- end }}

{{- define "sluice.jobChecks" -}}
{{- $v := .Values }}
{{- if not (and $v.job.input $v.job.output) }}
{{- fail "job.input and job.output are needed: a folder below a volume, or the address of a container." }}
{{- end }}
{{- $from := compact (list $v.configuration.preset $v.configuration.text $v.configuration.configMap $v.configuration.secret) }}
{{- if ne 1 (len $from) }}
{{- fail "configuration needs exactly one of preset, text, configMap and secret." }}
{{- end }}
{{- include "sluice.refuseKeys" $v.configuration.text }}
{{- include "sluice.place" (dict "root" . "of" "job.input" "place" $v.job.input) }}
{{- include "sluice.place" (dict "root" . "of" "job.output" "place" $v.job.output "hasState" (empty $v.job.state)) }}
{{- if $v.job.state }}{{ include "sluice.place" (dict "root" . "of" "job.state" "place" $v.job.state) }}{{ end }}
{{- if gt (int $v.job.parallelism) (int $v.job.tasks) }}
{{- fail "job.parallelism is greater than job.tasks: each pod is a task, so start more tasks." }}
{{- end }}
{{- end }}

{{- define "sluice.nightlyChecks" -}}
{{- $from := .Values.nightly.pipeline }}
{{- if ne 1 (len (compact (list $from.text $from.configMap $from.secret))) }}
{{- fail "nightly.pipeline needs exactly one of text, configMap and secret." }}
{{- end }}
{{- if and .Values.monitoring.podMonitor.enabled (not .Values.nightly.metricsPort) }}
{{- fail "monitoring.podMonitor needs nightly.metricsPort, the port of \"metrics\" in the pipeline file." }}
{{- end }}
{{- end }}

{{- define "sluice.serveChecks" -}}
{{- $v := .Values }}
{{- if not $v.serve.data }}{{ fail "serve.data is needed: a folder below a volume, or the address of a container." }}{{ end }}
{{- $auth := $v.serve.auth }}
{{- $clients := or $auth.clients.configMap $auth.clients.secret }}
{{- if ne 1 (len (compact (list (ternary "clients" "" (not (empty $clients))) (ternary "issuer" "" (not (empty $auth.issuer.url))) (ternary "open" "" $auth.open)))) }}
{{- fail "serve.auth needs exactly one of clients (configMap or secret), issuer.url and open: true. With open, everyone who can reach the Service exports everything." }}
{{- end }}
{{- if and $auth.issuer.url (not (and $auth.issuer.jwks $auth.issuer.audience)) }}
{{- fail "serve.auth.issuer needs jwks and audience." }}
{{- end }}
{{- if and $v.serve.onlyAnonymized (not $v.serve.outputs) }}
{{- fail "serve.outputs is needed: with serve.onlyAnonymized, exports are anonymized and written there." }}
{{- end }}
{{- include "sluice.place" (dict "root" . "of" "serve.data" "place" $v.serve.data) }}
{{- if $v.serve.outputs }}{{ include "sluice.place" (dict "root" . "of" "serve.outputs" "place" $v.serve.outputs) }}{{ end }}
{{- end }}

{{- /* A folder must be on a volume, and so must the state beside an output; an address needs a way out. */ -}}
{{- define "sluice.place" -}}
{{- if contains "://" .place }}
{{- if and .root.Values.networkPolicy.enabled (not .root.Values.networkPolicy.egress.cidrs) }}
{{- fail (printf "%s is an address, but networkPolicy.egress.cidrs lets no pod reach it. Name the ranges of the account and of the identity service." .of) }}
{{- end }}
{{- else }}
{{- $place := trimSuffix "/" .place }}
{{- $isOnVolume := false }}
{{- range .root.Values.volumes }}
{{- $mount := trimSuffix "/" .mountPath }}
{{- if or (eq $place $mount) (hasPrefix (printf "%s/" $mount) $place) }}{{ $isOnVolume = true }}{{ end }}
{{- if and $.hasState (eq $place $mount) }}
{{- fail (printf "%s is the root of the volume %s, and its state would be beside it, outside the volume. Name a folder in the volume, or set job.state." $.of .name) }}
{{- end }}
{{- end }}
{{- if not $isOnVolume }}
{{- fail (printf "%s is %s, which is on none of the volumes. The root file system is read-only." .of .place) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sluice.refuseKeys" -}}
{{- $parsed := fromYaml . }}
{{- range $name := list "cryptoHashKey" "dateShiftKey" "encryptKey" "perturbKey" }}
{{- $isText := false }}
{{- if hasKey $parsed "Error" }}{{ $isText = regexMatch (printf "%s[\"']?\\s*:\\s*[\"']" $name) $ }}
{{- else if hasKey $parsed "parameters" }}{{ $isText = and (kindIs "map" $parsed.parameters) (kindIs "string" (get $parsed.parameters $name)) (ne "" (get $parsed.parameters $name | toString)) }}
{{- end }}
{{- if $isText }}
{{- fail (printf "configuration.text holds %s in clear, which anyone who may read the ConfigMap or the release would see. Write {\"env\": …} or {\"file\": …} and put the key in keys.secret." $name) }}
{{- end }}
{{- end }}
{{- end }}
