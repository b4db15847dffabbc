import { useEffect, useState } from 'react';
import { FindIcon } from '../parts/icons';
import { t } from '../strings';

const pauseMs = 250;

interface Props {
  value: string;
  hint: string;
  label: string;
  onChange: (value: string) => void;
}

/** A search that answers while it is typed, when the typing pauses. */
export function SearchBox({ value, hint, label, onChange }: Props) {
  const [text, setText] = useState(value);
  // The address changed by other means, such as the way back.
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => {
      setKnown(text.trim());
      onChange(text.trim());
    }, pauseMs);
    return () => {
      clearTimeout(timer);
    };
  }, [text, value, onChange]);
  return (
    <form
      role="search"
      className="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== value) onChange(text.trim());
      }}
    >
      <FindIcon />
      <input
        className="input"
        type="search"
        aria-label={label}
        placeholder={hint ? t('resource.search.by', { fields: hint }) : t('resource.search.hint')}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
        }}
      />
    </form>
  );
}
