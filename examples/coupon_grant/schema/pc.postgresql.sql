-- SPDX-License-Identifier: Apache-2.0
-- The PC game: its coupons. Run it in the database `pc` (createdb pc) as the owner.
CREATE TABLE coupon (
  code    varchar(32) PRIMARY KEY,
  gold    integer NOT NULL CHECK (gold > 0),
  used_by bigint
);

INSERT INTO coupon (code, gold) VALUES ('SPRING', 100), ('SUMMER', 100);

-- The account that the coordinator logs in with. It needs no more than its SQL needs: a prepared
-- transaction may be finished by whoever prepared it.
CREATE ROLE coordinator LOGIN PASSWORD 'change-me';
GRANT SELECT, UPDATE ON coupon TO coordinator;
