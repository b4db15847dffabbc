import { useEffect, useRef, useState } from 'react';
import { open } from '../api/client';
import { APIError } from '../api/error';
import type { Problem } from '../api/types';
import { readEvents, type StreamEvent } from './events';
import type { CacheState, ChatIn, Cost, Tokens } from './types';

/** As much of an answer as has come. */
export interface Answer {
  /** asking until the first piece; stopped by the person; failed with or without pieces. */
  state: 'asking' | 'answering' | 'done' | 'stopped' | 'failed';
  /** What feedback refers to. */
  id: string;
  provider: string;
  model: string;
  text: string;
  reasoning: string;
  refusal: string;
  usage?: Tokens & { cost: Cost };
  reason?: string;
  cache?: CacheState;
  tookMs?: number;
  /** Of a failed one; undefined where the stream just ended. */
  error?: APIError;
}

const asked: Answer = {
  state: 'asking',
  id: '',
  provider: '',
  model: '',
  text: '',
  reasoning: '',
  refusal: '',
};

/** The answer after one more event; kinds that are not known change nothing. */
export function grow(answer: Answer, { name, data }: StreamEvent): Answer {
  const said = JSON.parse(data) as Record<string, never>;
  switch (name) {
    case 'start':
      return { ...answer, state: 'answering', id: said['id'] ?? '', ...modelOf(said) };
    case 'text':
    case 'reasoning':
    case 'refusal':
      return { ...answer, state: 'answering', [name]: answer[name] + String(said['text'] ?? '') };
    case 'usage':
      return { ...answer, usage: said as never };
    case 'end':
      return {
        ...answer,
        ...modelOf(said),
        state: 'done',
        reason: said['reason'] ?? '',
        cache: said['cache'] ?? 'none',
        tookMs: Number(said['took_ms'] ?? 0),
      };
    case 'error': {
      const problem = (said['problem'] ?? {}) as Problem;
      return { ...answer, state: 'failed', error: new APIError(problem.status ?? 500, problem) };
    }
    default:
      return answer;
  }
}

function modelOf(said: Record<string, string>): Partial<Answer> {
  const { provider, model } = said;
  return { ...(provider && { provider }), ...(model && { model }) };
}

/** Asks a model and hands on its answer each time there is more of it. Never rejects. */
export async function chat(
  request: ChatIn,
  signal: AbortSignal,
  onAnswer: (answer: Answer) => void,
): Promise<void> {
  let answer = asked;
  const become = (next: Answer) => {
    answer = next;
    onAnswer(answer);
  };
  become(asked);
  try {
    const response = await open('POST', 'ai/chat', { body: request, stream: true, signal });
    if (!response.body) throw new APIError(response.status);
    for await (const event of readEvents(response.body)) {
      signal.throwIfAborted();
      become(grow(answer, event));
      if (answer.state === 'done' || answer.state === 'failed') return;
    }
    become({ ...answer, state: 'failed' });
  } catch (error) {
    if (signal.aborted) become({ ...answer, state: 'stopped' });
    else become({ ...answer, state: 'failed', ...(error instanceof APIError && { error }) });
  }
}

/** One answer at a time: asked for, stopped, or left with the page. */
export function useChat(): {
  answer: Answer | null;
  busy: boolean;
  send: (request: ChatIn) => void;
  stop: () => void;
} {
  const [answer, setAnswer] = useState<Answer | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(
    () => () => {
      running.current?.abort();
    },
    [],
  );
  const send = (request: ChatIn) => {
    running.current?.abort();
    const mine = (running.current = new AbortController());
    void chat(request, mine.signal, (next) => {
      if (running.current === mine) setAnswer(next);
    });
  };
  return {
    answer,
    busy: answer?.state === 'asking' || answer?.state === 'answering',
    send,
    stop: () => running.current?.abort(),
  };
}
