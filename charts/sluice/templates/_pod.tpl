{{- /*
What all pods share. Each takes (dict "root" $ "component" "job" …) so that a template can be read on its own.
*/ -}}

{{- define "sluice.podMetadata" -}}
labels:
  {{- include "sluice.selector" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .component }}
  {{- if .root.Values.serviceAccount.azureClientId }}
  azure.workload.identity/use: "true"
  {{- end }}
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .root.Values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* The parts of a pod that are not its container, its restartPolicy and its volumes. */ -}}
{{- define "sluice.podSpec" -}}
serviceAccountName: {{ include "sluice.serviceAccount" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
# Time to record the work in progress. Sluice then exits with 6, and the next start resumes.
terminationGracePeriodSeconds: 60
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  # Otherwise each mount would make the files of the volume readable by the group, keys of the state included.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{- define "sluice.container" -}}
name: sluice
image: {{ include "sluice.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- if eq .root.Values.keys.as "env" }}
{{- with .root.Values.keys.secret }}
envFrom:
  - secretRef:
      name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sluice.mounts" -}}
- name: tmp
  mountPath: /tmp
{{- range .root.Values.volumes }}
- name: {{ .name }}
  mountPath: {{ .mountPath }}
  readOnly: {{ default false .readOnly }}
{{- end }}
{{- if and .root.Values.keys.secret (eq .root.Values.keys.as "files") }}
- name: sluice-keys
  mountPath: /keys
  readOnly: true
{{- end }}
{{- end }}

{{- define "sluice.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ .root.Values.tmp.sizeLimit }}
{{- range .root.Values.volumes }}
- name: {{ .name }}
  {{- if .nfs }}
  nfs:
    server: {{ .nfs.server }}
    path: {{ .nfs.path }}
  {{- else }}
  persistentVolumeClaim:
    claimName: {{ if .existingClaim }}{{ .existingClaim }}{{ else }}{{ include "sluice.fullname" $.root }}-{{ .name }}{{ end }}
  {{- end }}
{{- end }}
{{- if and .root.Values.keys.secret (eq .root.Values.keys.as "files") }}
- name: sluice-keys
  secret:
    secretName: {{ .root.Values.keys.secret }}
    defaultMode: 0440
{{- end }}
{{- end }}

{{- /* The volume of a file that a ConfigMap of the chart, an existing ConfigMap or an existing Secret holds. */ -}}
{{- define "sluice.fileVolume" -}}
- name: {{ .name }}
  {{- if .from.secret }}
  secret:
    secretName: {{ .from.secret }}
    defaultMode: 0440
    items: [{ key: {{ .from.file | quote }}, path: {{ .from.file | quote }} }]
  {{- else }}
  configMap:
    name: {{ if .from.configMap }}{{ .from.configMap }}{{ else }}{{ .own }}{{ end }}
    items: [{ key: {{ .from.file | quote }}, path: {{ .from.file | quote }} }]
  {{- end }}
{{- end }}
