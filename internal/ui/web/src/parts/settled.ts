import { useEffect, useRef, useState } from 'react';

/**
 * The text of a field whose value counts once the typing pauses. `onChange` may take its time until `value` follows, as
 * an address does: what is typed meanwhile stays. A value that changed by other means, such as the way back, is taken.
 */
export function useSettled(
  value: string,
  onChange: (value: string) => void,
  pauseMs: number,
): { text: string; type: (text: string) => void; settle: () => void } {
  const [text, type] = useState(value);
  const [known, setKnown] = useState(value);
  // What was asked for and is not there yet.
  const [asked, setAsked] = useState<string | null>(null);
  if (known !== value) {
    setKnown(value);
    if (asked === null) type(value);
    else if (asked === value) setAsked(null);
  }
  const wanted = text.trim();
  const settle = () => {
    if (wanted === (asked ?? value)) return;
    setAsked(wanted);
    onChange(wanted);
  };
  const last = useRef(settle);
  useEffect(() => {
    last.current = settle;
  });
  useEffect(() => {
    const timer = setTimeout(() => {
      last.current();
    }, pauseMs);
    return () => {
      clearTimeout(timer);
    };
  }, [wanted, pauseMs]);
  return { text, type, settle };
}
