using System;
using Contoso.Greeting;

namespace App
{
    public static class Program
    {
        public static void Main() => Console.WriteLine(Greeter.Greet("world"));
    }
}
