// Questions to the daemon. What fails throws an Error whose message is for people.

const ANSWER_MS = 12000;

export class NotFound extends Error {}
export class Refused extends Error {} // the question was wrong: the daemon says why
export class Silent extends Error {}  // no answer

async function read_error(answer) {
    try {
        return (await answer.json()).error;
    } catch {
        return `the daemon answered ${answer.status} ${answer.statusText}`;
    }
}

export async function ask(path, parameters = {}) {
    const wanted = Object.entries(parameters).filter(([, value]) => value !== null && value !== "");
    const query = new URLSearchParams(wanted).toString();
    let answer;
    try {
        answer = await fetch(query ? `${path}?${query}` : path, {cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS)});
    } catch {
        throw new Silent("the daemon is not answering");
    }
    if (answer.ok)
        return answer.json();
    const text = await read_error(answer);
    if (answer.status === 404)
        throw new NotFound(text);
    throw answer.status === 400 ? new Refused(text) : new Silent(text);
}
