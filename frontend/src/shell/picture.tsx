import { useEffect, useState } from 'react';
import { t } from './strings';

interface Props {
  /** Below /api/v1. */
  path: string;
  photo: { id: string; width: number; height: number };
  number: number;
}

/** A photo comes with the session's token, which an address in the page would lack. */
export function Picture({ path, photo, number }: Props) {
  const [address, setAddress] = useState('');
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let made = '';
    let gone = false;
    fetch(`/api/v1${path}`)
      .then(async (answer) => {
        if (!answer.ok) throw new Error(String(answer.status));
        const file = await answer.blob();
        if (gone) return;
        made = URL.createObjectURL(file);
        setAddress(made);
      })
      .catch(() => !gone && setFailed(true));
    return () => {
      gone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [path]);
  if (failed) return <span className="subdued">{t('problem.photo_missing')}</span>;
  return (
    <img
      className="photo"
      src={address || undefined}
      alt={t('problem.photo', { number })}
      width={photo.width}
      height={photo.height}
    />
  );
}
