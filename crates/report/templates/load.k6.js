// The mix of `plumb load`, for k6 (https://k6.io): k6 run load.js
//
// Every request carries a mark that its own answer must show. Credentials come from the environment, as a header field:
// k6 run -e AUTHORIZATION='Bearer …' load.js
import http from 'k6/http';
import exec from 'k6/execution';
import { check } from 'k6';

const TARGETS = {{targets}};

const MIX = {{mix}};

export const options = {
  scenarios: { mcp: {{scenario}} },
  thresholds: { checks: ['rate==1'] },
};

function put(text, mark) {
  return text.split('{plumb-mark}').join(mark);
}

// The messages of an answer, whether it is one JSON object or a stream of events.
function messages(response) {
  const type = String(response.headers['Content-Type'] || '').toLowerCase();
  const body = response.body || '';
  const texts = type.startsWith('text/event-stream')
    ? body.split(/\r?\n\r?\n/).map((event) =>
        event
          .split(/\r?\n/)
          .filter((line) => line.startsWith('data:'))
          .map((line) => line.slice(5).replace(/^ /, ''))
          .join('\n'))
    : [body];
  return texts.filter((text) => text !== '').map((text) => {
    try {
      return JSON.parse(text);
    } catch (_) {
      return {};
    }
  });
}

function holds(text, mark) {
  return text.split(mark).slice(1).some((rest) => !/^[0-9]/.test(rest));
}

function shows(result, shows, mark) {
  switch (shows.what) {
    case 'list':
      return Array.isArray(result[shows.value]);
    case 'mark':
      return holds(JSON.stringify(result), mark);
    case 'resource':
      return (result.contents || []).length > 0 && result.contents.every((one) => one.uri === shows.value);
    default:
      return true;
  }
}

export default function () {
  const turn = exec.scenario.iterationInTest;
  const mark = `plumb-load-${turn}`;
  const kind = MIX[turn % MIX.length];
  const headers = {};
  kind.headers.forEach((field) => {
    headers[field.name] = put(field.value, mark);
  });
  if (__ENV.AUTHORIZATION) {
    headers.Authorization = __ENV.AUTHORIZATION;
  }
  const target = TARGETS[Math.floor(turn / MIX.length) % TARGETS.length];
  const response = http.post(target, put(kind.body, mark), { headers, tags: { name: kind.name } });
  const answered = messages(response).filter((message) => 'result' in message || 'error' in message);
  const own = answered.length === 1 && answered[0].id === mark ? answered[0] : null;
  check(response, { answered: () => answered.length > 0 }, { kind: kind.name });
  check(response, { 'its own id': () => own !== null }, { kind: kind.name });
  check(response, { 'its own answer': () => own !== null && 'result' in own && shows(own.result, kind.shows, mark) }, {
    kind: kind.name,
  });
}
