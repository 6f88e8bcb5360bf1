/** What every screen is given. The part of the address behind its stem, if any. */
export interface ScreenProps {
  id: string;
}
