interface Props<T extends string> {
  label: string;
  /** Groups the radios of the page. */
  name: string;
  options: readonly { value: T; text: string; lang?: string }[];
  value: T;
  onChange: (value: T) => void;
}

/** One of a few choices, all in sight. */
export function Segments<T extends string>({ label, name, options, value, onChange }: Props<T>) {
  return (
    <fieldset>
      <legend className="small dim">{label}</legend>
      <div className="segments">
        {options.map((option) => (
          <label key={option.value} lang={option.lang}>
            <input
              type="radio"
              name={name}
              checked={option.value === value}
              onChange={() => {
                onChange(option.value);
              }}
            />
            {option.text}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
