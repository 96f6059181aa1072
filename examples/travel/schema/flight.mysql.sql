-- SPDX-License-Identifier: Apache-2.0
-- The airline's database: one flight with five seats.
CREATE DATABASE flight;
USE flight;

CREATE TABLE flight (
  code VARCHAR(10) PRIMARY KEY,
  seats INT NOT NULL,
  seats_left INT NOT NULL CHECK (seats_left >= 0)
) ENGINE=InnoDB;

CREATE TABLE seat (
  transaction CHAR(40) NOT NULL,
  branch VARCHAR(64) NOT NULL,
  flight VARCHAR(10) NOT NULL,
  passenger VARCHAR(100) NOT NULL,
  state VARCHAR(10) NOT NULL,  -- held, booked, released
  PRIMARY KEY (transaction, branch)
) ENGINE=InnoDB;

INSERT INTO flight VALUES ('AS101', 5, 5);

CREATE USER 'flight'@'%' IDENTIFIED BY 'change-me';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON flight.* TO 'flight'@'%';
