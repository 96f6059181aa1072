-- SPDX-License-Identifier: Apache-2.0
-- The mobile game: wallets, and one entry for each change to a wallet. For MariaDB and MySQL.
CREATE DATABASE mobile;
USE mobile;

CREATE TABLE wallet (
  user_id BIGINT PRIMARY KEY,
  gold    BIGINT NOT NULL
) ENGINE = InnoDB;

CREATE TABLE wallet_entry (
  id      BIGINT AUTO_INCREMENT PRIMARY KEY,
  user_id BIGINT NOT NULL,
  coupon  VARCHAR(32) NOT NULL,
  gold    BIGINT NOT NULL
) ENGINE = InnoDB;

INSERT INTO wallet (user_id, gold) VALUES (7, 0), (8, 0);

-- The coordinator's account. TRIGGER and EXECUTE let it check whether there is stored code that
-- could leave state in a session; without them it works, but is slower.
-- MySQL (not MariaDB) also needs:  GRANT XA_RECOVER_ADMIN ON *.* TO 'coordinator'@'%';
CREATE USER 'coordinator'@'%' IDENTIFIED BY 'change-me';
GRANT SELECT, INSERT, UPDATE, TRIGGER, EXECUTE ON mobile.* TO 'coordinator'@'%';
