import { FindIcon } from '../parts/icons';
import { useSettled } from '../parts/settled';
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
  const { text, type, settle } = useSettled(value, onChange, pauseMs);
  return (
    <form
      role="search"
      className="search"
      onSubmit={(event) => {
        event.preventDefault();
        settle();
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
          type(event.target.value);
        }}
      />
    </form>
  );
}
