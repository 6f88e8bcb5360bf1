import { useEffect, useRef, useState } from 'react';

interface Props {
  label: string;
  placeholder: string;
  value: string;
  onSearch: (text: string) => void;
}

const PAUSE = 300;

/** A search field that asks when the typing pauses. */
export function Search({ label, placeholder, value, onSearch }: Props) {
  const [text, setText] = useState(value);
  const [from, setFrom] = useState(value);
  if (from !== value) {
    setFrom(value);
    setText(value);
  }
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const later = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onSearch(next.trim()), PAUSE);
  };

  return (
    <s-search-field
      label={label}
      labelAccessibilityVisibility="exclusive"
      placeholder={placeholder}
      value={text}
      onInput={(event) => later(event.currentTarget.value)}
    />
  );
}
