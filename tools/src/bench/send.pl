# Sends UDP datagrams to 127.0.0.1 faster than a JavaScript sender can, and says how fast: "sent seconds lastSent",
# the last being seconds since 1970. The template comes on stdin; each datagram has its number in place of every
# SSSSSSSSSSSS (12 hexadecimal digits), and the microseconds since 1970 at which it was sent in place of TTTTTTTTTTTTTTTT.
#   perl send.pl PORT COUNT PER_SECOND FIRST_NUMBER        PORT 0: a socket that nobody reads; PER_SECOND 0: back to back
use strict;
use warnings;
use Socket;
use Time::HiRes qw(clock_gettime CLOCK_REALTIME sleep);

my ($port, $count, $per_second, $first) = @ARGV;
local $/;
my $template = <STDIN>;
my $stamp_at = index $template, "T" x 16;
my @datagrams = map { my $number = sprintf "%012x", $first + $_; $template =~ s/S{12}/$number/gr } 0 .. $count - 1;

socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die "socket: $!";
socket(my $nobody, PF_INET, SOCK_DGRAM, 0) or die "socket: $!";
if ($port == 0) {
  bind($nobody, sockaddr_in(0, inet_aton("127.0.0.1"))) or die "bind: $!";
  ($port) = sockaddr_in(getsockname $nobody);
}
connect($socket, sockaddr_in($port, inet_aton("127.0.0.1"))) or die "connect: $!";

my ($sent, $began) = (0, clock_gettime(CLOCK_REALTIME));
my $start = $began;
while ($sent < $count) {
  my $now = clock_gettime(CLOCK_REALTIME);
  my $due = $per_second == 0 ? $count : 1 + int(($now - $start) * $per_second);
  $due = $count if $due > $count;
  # In a burst, of less than a second, what is late stays late: caught up with, it would come faster than it should.
  if ($count < $per_second && $due - $sent > $per_second / 1_000) {
    $start = $now - $sent / $per_second;
    next;
  }
  # Below this rate the processor is left to those who receive; above it the pauses are too short to sleep through.
  if ($sent == $due && $per_second <= 100_000) { sleep 0.0001 }
  for (; $sent < $due; $sent++) {
    substr($datagrams[$sent], $stamp_at, 16) = sprintf "%016d", clock_gettime(CLOCK_REALTIME) * 1e6 if $per_second > 0 && $per_second <= 20_000;
    defined send $socket, $datagrams[$sent], 0 or die "send: $!";
  }
}
my $end = clock_gettime(CLOCK_REALTIME);
printf "%d %.6f %.6f\n", $sent, $end - $began, $end;
