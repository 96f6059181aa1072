-- SPDX-License-Identifier: Apache-2.0
-- The agency's own database: the trips that it sold. The coordinator writes it as an XA branch.
CREATE DATABASE agency;
USE agency;

CREATE TABLE trip (
  gid VARCHAR(64) PRIMARY KEY,
  traveller VARCHAR(100) NOT NULL,
  price INT NOT NULL
) ENGINE=InnoDB;

CREATE USER 'coordinator'@'%' IDENTIFIED BY 'change-me';
GRANT SELECT, INSERT, UPDATE, DELETE ON agency.* TO 'coordinator'@'%';
