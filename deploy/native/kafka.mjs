/**
 * Kafka in KRaft mode, one node that is broker and controller: from KAFKA_HOME, or from Maven Central, downloaded once
 * into a cache folder.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { findProgram, MissingProgram, startServer } from './server.mjs';

const VERSION = '4.3.1';
const ARTIFACTS = [
  ['org.apache.kafka', 'kafka_2.13', VERSION],
  ['org.apache.logging.log4j', 'log4j-slf4j-impl', '2.24.3'],
];
const JAVA_MAJOR = 17;
const HEAP = '384m';

const cacheFolder = () => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'allotree', `kafka-${VERSION}`);

/** The folder with the jars. */
const jarFolder = () => (process.env.KAFKA_HOME ? join(process.env.KAFKA_HOME, 'libs') : cacheFolder());
const hasJars = (folder) =>
  existsSync(folder) && readdirSync(folder).some((name) => /^kafka_2\.13-.*\.jar$/.test(name));

const java = () => {
  const home = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : null;
  return home !== null && existsSync(home) ? home : findProgram('java');
};

const javaMajor = (program) => {
  const { stderr } = spawnSync(program, ['-version'], { encoding: 'utf8' });
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
};

function requirePrograms() {
  const program = java();
  if (program === null || javaMajor(program) < JAVA_MAJOR) {
    throw new MissingProgram(`Java ${JAVA_MAJOR} or newer`, 'Or set KAFKA_BROKERS to use a running Kafka.', [
      'openjdk-17-jre-headless',
    ]);
  }
  if (process.env.KAFKA_HOME && !hasJars(jarFolder())) throw new Error(`KAFKA_HOME has no Kafka in ${jarFolder()}.`);
  if (!hasJars(jarFolder()) && findProgram('mvn') === null) {
    throw new MissingProgram(
      'mvn',
      'It downloads Kafka once. Or set KAFKA_HOME to an unpacked Kafka, or KAFKA_BROKERS to a running one.',
      ['maven'],
    );
  }
}

const pom = () => `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>allotree</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
${ARTIFACTS.map(([group, artifact, version]) => `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`).join('\n')}
  </dependencies>
</project>
`;

/** Downloaded next to the cache and moved into place when complete, so that concurrent downloads do not conflict. */
export async function fetchKafka() {
  const folder = jarFolder();
  if (hasJars(folder)) return;
  await mkdir(dirname(folder), { recursive: true });
  const beside = await mkdtemp(`${folder}.`);
  try {
    await writeFile(join(beside, 'pom.xml'), pom());
    const { status, stdout, stderr } = spawnSync(
      findProgram('mvn'),
      ['--batch-mode', '--quiet', 'dependency:copy-dependencies', '-DoutputDirectory=jars'],
      { cwd: beside, encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`could not download Kafka with mvn:\n${stdout}${stderr}`);
    await rename(join(beside, 'jars'), folder).catch((error) => {
      if (!hasJars(folder)) throw error;
    });
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

/** One broker needs no record of every half second in which nothing happens. */
const settings = (folder, { broker, controller }) => `process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${broker}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:${controller}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${join(folder, 'data')}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
metadata.max.idle.interval.ms=0
`;

/** Classes as Java has loaded and verified them for an earlier start; without them, a start takes a second of processor time more. */
const keptClasses = () => join(cacheFolder(), 'classes.jsa');

/** Another Java cannot use them. */
function hasKeptClasses() {
  const file = keptClasses();
  return existsSync(file) && statSync(file).mtimeMs > statSync(realpathSync(java())).ctimeMs;
}

function canKeepClasses() {
  try {
    accessSync(cacheFolder(), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Java keeps them when a process ends. */
async function keepClasses() {
  if (process.env.KAFKA_HOME || hasKeptClasses() || !canKeepClasses()) return;
  const file = `${keptClasses()}.${randomBytes(6).toString('hex')}`;
  const launch = (site) => ({ program: java(), args: [`-XX:ArchiveClassesAtExit=${file}`, ...broker(site)] });
  const server = await startServer({ ...KAFKA, prepare, launch });
  await server.remove();
  // Empty where this Java cannot, so that it is not asked again.
  if (!existsSync(file)) await writeFile(file, '');
  await rename(file, keptClasses());
}

const jvm = (heap) => [`-Xmx${heap}`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(jarFolder(), '*')];
const withKeptClasses = () =>
  !process.env.KAFKA_HOME && hasKeptClasses() && statSync(keptClasses()).size > 0
    ? [`-XX:SharedArchiveFile=${keptClasses()}`]
    : [];

/** A data folder belongs to one cluster id, assigned once. */
function format(folder) {
  if (existsSync(join(folder, 'data', 'meta.properties'))) return;
  const id = randomBytes(16).toString('base64url');
  const { status, stdout, stderr } = spawnSync(
    java(),
    [
      ...withKeptClasses(),
      ...jvm('128m'),
      'kafka.tools.StorageTool',
      'format',
      // One argument: a random id can begin with a dash.
      `--cluster-id=${id}`,
      '--config',
      join(folder, 'server.properties'),
      '--standalone',
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`could not format the data folder of Kafka:\n${stdout}${stderr}`);
}

const broker = ({ folder }) => [...jvm(HEAP), 'kafka.Kafka', join(folder, 'server.properties')];

async function prepare({ folder, ports }) {
  await writeFile(join(folder, 'server.properties'), settings(folder, ports));
  format(folder);
}

export const KAFKA = {
  name: 'kafka',
  variable: 'KAFKA_BROKERS',
  portNames: ['broker', 'controller'],
  stopSignal: 'SIGTERM',
  requirePrograms,
  async prepare(site) {
    await fetchKafka();
    await keepClasses();
    await prepare(site);
  },
  launch: (site) => ({ program: java(), args: [...withKeptClasses(), ...broker(site)] }),
  async isReady(site) {
    const admin = new Kafka({
      brokers: [KAFKA.address(site)],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    }).admin();
    try {
      await admin.connect();
      return (await admin.describeCluster()).brokers.length === 1;
    } finally {
      await admin.disconnect();
    }
  },
  address: ({ ports }) => `127.0.0.1:${ports.broker}`,
};

/** A running Kafka; its `address` is `host:port`, the format of KAFKA_BROKERS. Options: see `startServer`. */
export const startKafka = (options) => startServer(KAFKA, options);
