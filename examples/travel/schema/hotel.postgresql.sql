-- SPDX-License-Identifier: Apache-2.0
-- The hotels' database: one hotel with three rooms, and one that is sold out.
CREATE TABLE hotel (
  name text PRIMARY KEY,
  rooms integer NOT NULL,
  rooms_left integer NOT NULL CHECK (rooms_left >= 0)
);

CREATE TABLE stay (
  transaction text NOT NULL,
  branch text NOT NULL,
  hotel text NOT NULL REFERENCES hotel,
  guest text NOT NULL,
  state text NOT NULL,  -- held, booked, released, expired
  ends_at timestamptz,  -- if the reservation expires
  PRIMARY KEY (transaction, branch)
);

INSERT INTO hotel VALUES ('Adler', 3, 3), ('Krone', 1, 0);
INSERT INTO stay VALUES (repeat('0', 40), 'earlier', 'Krone', 'Grace', 'booked', NULL);

CREATE ROLE hotel LOGIN PASSWORD 'change-me';
GRANT SELECT, INSERT, UPDATE, DELETE ON hotel, stay TO hotel;
GRANT CREATE ON SCHEMA public TO hotel;
