//! Manifests of engines that exist.

/// A Kubernetes Indexed Job that judges a list in so many parts: the index of a pod is that of its part. All are held to a set,
/// if one is given.
pub fn kubernetes(image: &str, parts: u32, set: Option<&str>) -> String {
    let image = quoted(image);
    let set = set.map(|set| format!("\"--set\", {}, ", quoted(set))).unwrap_or_default();
    format!(
        "\
# The list of servers: kubectl create configmap plumb-fleet --from-file=targets.jsonl
# The results: the claim plumb-fleet, a folder a part; plumb fleet merge 0 1 2 … makes the matrix.
apiVersion: batch/v1
kind: Job
metadata:
  name: plumb-fleet
spec:
  completionMode: Indexed
  completions: {parts}
  parallelism: {parts}
  backoffLimitPerIndex: 3
  template:
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        fsGroup: 65532
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: plumb
          image: {image}
          # JOB_COMPLETION_INDEX is set by the Job: it says which part is this pod's.
          args: [\"fleet\", \"run\", \"/list/targets.jsonl\", \"--parts\", \"{parts}\", {set}\"--out\", \"/out/$(JOB_COMPLETION_INDEX)\"]
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [\"ALL\"]
          resources:
            requests: {{cpu: \"1\", memory: 256Mi}}
            limits: {{cpu: \"2\", memory: 1Gi}}
          volumeMounts:
            - {{name: list, mountPath: /list, readOnly: true}}
            - {{name: out, mountPath: /out}}
            - {{name: tmp, mountPath: /tmp}}
      volumes:
        - name: list
          configMap: {{name: plumb-fleet}}
        - name: out
          persistentVolumeClaim: {{claimName: plumb-fleet}}
        - name: tmp
          emptyDir: {{}}
"
    )
}

/// A text as a scalar of YAML: JSON's strings are.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}
