import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { signOut } from '../api/session.js';
import { needWords } from '../words/index.js';

/** Loaded where it is asked, which is rarely. */
const IdleQuestion = lazy(async () => {
  const [{ IdleQuestion: component }] = await Promise.all([import('./idle-question.js'), needWords('home')]);
  return { default: component };
});

const IDLE_MS = 30 * 60_000;
/** How long before the end somebody is asked. */
const WARNING_MS = 60_000;
const CHECK_MS = 5_000;
const SIGNS = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const;

/** Watches for signs of activity in all pages of this browser, which share one session. @returns what ends it, and what is an answer */
function watch(onWarn: () => void, onActive: () => void): { readonly end: () => void; readonly stay: () => void } {
  const pages = new BroadcastChannel('allotree-activity');
  let last = Date.now();
  let isWarned = false;
  const isActive = (): void => {
    last = Date.now();
    isWarned = false;
    onActive();
  };
  const stay = (): void => {
    isActive();
    pages.postMessage(null);
  };
  // While somebody is asked, only the answer counts.
  const act = (): void => {
    if (!isWarned) stay();
  };
  const timer = setInterval(() => {
    const idle = Date.now() - last;
    if (idle >= IDLE_MS) void signOut();
    else if (idle >= IDLE_MS - WARNING_MS) {
      isWarned = true;
      onWarn();
    }
  }, CHECK_MS);
  pages.onmessage = isActive;
  for (const sign of SIGNS) window.addEventListener(sign, act, { passive: true });
  const end = (): void => {
    clearInterval(timer);
    for (const sign of SIGNS) window.removeEventListener(sign, act);
    pages.close();
  };
  return { end, stay };
}

/** Ends the session of a browser in which nobody does anything, after asking. */
export function IdleEnd() {
  const [isWarned, setIsWarned] = useState(false);
  const answer = useRef<() => void>(() => undefined);
  useEffect(() => {
    const { end, stay } = watch(
      () => setIsWarned(true),
      () => setIsWarned(false),
    );
    answer.current = stay;
    return end;
  }, []);
  return (
    isWarned && (
      <Suspense>
        <IdleQuestion onStay={() => answer.current()} />
      </Suspense>
    )
  );
}
